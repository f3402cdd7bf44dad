// Runs a fuzz target without libFuzzer: every file of its corpus, then seeded mutations of them.
// The same inputs come in every run and with every compiler, so the unit tests can hold a short and
// repeatable fuzz run.
//
//   millrace_fuzz_replay TARGET PATH [RUNS [SEED]]
//
// PATH is a corpus folder, which may be missing, or one file, which is then the only input. When
// the target dies, the input that killed it is written to crash-TARGET in the working directory;
// once mended, it belongs into the corpus.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Provided by the sanitizers when they are linked in. `callback` runs before they end the program.
// NOLINTNEXTLINE: the name is theirs.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

// Each *_fuzz.cpp, its LLVMFuzzerTestOneInput renamed after the file by CMake.
#define MILLRACE_FUZZ_TARGET(name) \
  extern "C" int millrace_fuzz_##name(const uint8_t* data, size_t size);
#include "fuzz_targets.inc"
#undef MILLRACE_FUZZ_TARGET

namespace {

using Input = std::vector<uint8_t>;

struct Target {
  std::string_view name;
  int (*run)(const uint8_t* data, size_t size);
};

#define MILLRACE_FUZZ_TARGET(name) Target{#name, &millrace_fuzz_##name},
constexpr auto kTargets = std::to_array<Target>({
#include "fuzz_targets.inc"
});
#undef MILLRACE_FUZZ_TARGET

constexpr uint64_t kDefaultRuns = 4000;
// Longer seeds are run as they are, but not mutated: their time is better spent on many short
// inputs.
constexpr size_t kMaxMutatedBytes = 16'384;
// An input that takes longer has found a loop without end. Ample for a sanitizer on a loaded
// machine.
constexpr unsigned kInputDeadlineS = 20;

// What a death handler can reach. It may be called from a signal handler.
const Input* current_input = nullptr;
std::array<char, 256> crash_path{};

/// Saves the input that is being run. Only calls that are allowed in a signal handler.
void save_current_input() {
  if (current_input == nullptr) {
    return;
  }
  const int fd = ::open(crash_path.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    return;
  }
  std::span<const uint8_t> rest(*current_input);
  while (!rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written <= 0) {
      break;
    }
    rest = rest.subspan(static_cast<size_t>(written));
  }
  ::close(fd);
  current_input = nullptr;
}

void on_fatal_signal(int signal) {
  save_current_input();
  ::raise(signal);  // the handler was reset when it was entered, so this ends the program
}

void watch_for_death(std::string_view target) {
  std::snprintf(crash_path.data(), crash_path.size(), "crash-%.*s", static_cast<int>(target.size()),
                target.data());
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(&save_current_input);
  }
  // A sanitizer has its own handlers for the other fatal signals.
  struct sigaction action {};
  action.sa_handler = &on_fatal_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGABRT, &action, nullptr);
  ::sigaction(SIGALRM, &action, nullptr);
  if (__sanitizer_set_death_callback == nullptr) {
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) {
      ::sigaction(signal, &action, nullptr);
    }
  }
}

/// splitmix64: the same sequence with every standard library, unlike its distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t value = state_;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }

  /// @return a value below `bound`, which must not be 0. The slight bias does not matter here.
  size_t below(size_t bound) { return static_cast<size_t>(next() % bound); }

  uint8_t byte() { return static_cast<uint8_t>(next()); }

 private:
  uint64_t state_;
};

/// Values that lie at the edges of length fields and counters.
constexpr std::array<uint32_t, 12> kEdgeValues = {
    0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x00ffffff, 0x7fffffff, 0x80000000, 0xffffffff};

/// Changes `input` in one place. `others` lends bytes for splicing.
void mutate(Input& input, const std::vector<Input>& others, Random& random) {
  const auto at = [&](size_t position) { return input.begin() + static_cast<ptrdiff_t>(position); };
  if (input.empty()) {
    input.push_back(random.byte());
    return;
  }
  const size_t position = random.below(input.size());
  const size_t rest = input.size() - position;
  switch (random.below(9)) {
    case 0:  // flip one bit
      input[position] = static_cast<uint8_t>(input[position] ^ (1U << random.below(8)));
      break;
    case 1:
      input[position] = random.byte();
      break;
    case 2: {  // an edge value of 1 to 4 bytes, big-endian as most fields are, or little-endian
      const uint32_t value = kEdgeValues[random.below(kEdgeValues.size())];
      const size_t width = std::min<size_t>(1 + random.below(4), rest);
      const bool big_endian = random.below(4) != 0;
      for (size_t i = 0; i < width; ++i) {
        const size_t shift = 8 * (big_endian ? width - 1 - i : i);
        input[position + i] = static_cast<uint8_t>(value >> shift);
      }
      break;
    }
    case 3:  // cut off the end
      input.resize(position);
      break;
    case 4: {  // take some bytes out
      const size_t count = 1 + random.below(std::min<size_t>(rest, 32));
      input.erase(at(position), at(position + count));
      break;
    }
    case 5: {  // put random bytes in
      Input more(1 + random.below(16));
      std::generate(more.begin(), more.end(), [&] { return random.byte(); });
      input.insert(at(position), more.begin(), more.end());
      break;
    }
    case 6: {  // say something twice
      const size_t count = 1 + random.below(std::min<size_t>(rest, 256));
      const Input copy(at(position), at(position + count));
      input.insert(at(random.below(input.size())), copy.begin(), copy.end());
      break;
    }
    case 7: {  // fill a range with one byte
      const size_t count = 1 + random.below(std::min<size_t>(rest, 64));
      std::fill_n(at(position), count, random.byte());
      break;
    }
    default: {  // go on as another seed does
      if (others.empty()) {
        break;
      }
      const Input& other = others[random.below(others.size())];
      if (!other.empty()) {
        const size_t from = random.below(other.size());
        input.resize(position);
        input.insert(input.end(), other.begin() + static_cast<ptrdiff_t>(from), other.end());
      }
    }
  }
  if (input.size() > kMaxMutatedBytes) {
    input.resize(kMaxMutatedBytes);
  }
}

/// @return the corpus in the order of its file names. A missing folder is an empty corpus.
std::vector<Input> read_corpus(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  std::error_code missing;
  if (std::filesystem::is_regular_file(path, missing)) {
    files.push_back(path);
  }
  for (auto it = std::filesystem::directory_iterator(path, missing);
       !missing && it != std::filesystem::directory_iterator(); it.increment(missing)) {
    if (it->is_regular_file()) {
      files.push_back(it->path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Input> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void run(const Target& target, const Input& input) {
  current_input = &input;
  ::alarm(kInputDeadlineS);
  target.run(input.data(), input.size());
  ::alarm(0);
  current_input = nullptr;
}

void run_mutations(const Target& target, const std::vector<Input>& corpus, uint64_t runs,
                   uint64_t seed) {
  std::vector<Input> seeds;
  std::copy_if(corpus.begin(), corpus.end(), std::back_inserter(seeds),
               [](const Input& input) { return input.size() <= kMaxMutatedBytes; });
  Random random(seed);
  for (uint64_t i = 0; i < runs; ++i) {
    Input input;
    // Every eighth input, or each when there are no seeds, is noise from the start.
    if (seeds.empty() || random.below(8) == 0) {
      input.resize(random.below(512));
      std::generate(input.begin(), input.end(), [&] { return random.byte(); });
    } else {
      input = seeds[random.below(seeds.size())];
    }
    for (size_t changes = 1 + random.below(6); changes > 0; --changes) {
      mutate(input, seeds, random);
    }
    run(target, input);
  }
}

bool parse_number(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  uint64_t runs = kDefaultRuns;
  uint64_t seed = 1;
  if (arguments.size() < 2 || arguments.size() > 4 ||
      (arguments.size() > 2 && !parse_number(arguments[2], runs)) ||
      (arguments.size() > 3 && !parse_number(arguments[3], seed))) {
    std::fprintf(stderr, "usage: millrace_fuzz_replay TARGET PATH [RUNS [SEED]]\n");
    return 2;
  }
  const auto* const target = std::find_if(kTargets.begin(), kTargets.end(),
                                          [&](const Target& t) { return t.name == arguments[0]; });
  if (target == kTargets.end()) {
    std::fprintf(stderr, "no such target: %s\n", argv[1]);
    return 2;
  }
  const std::filesystem::path path(arguments[1]);
  const std::vector<Input> corpus = read_corpus(path);
  watch_for_death(target->name);
  run(*target, Input());
  for (const Input& input : corpus) {
    run(*target, input);
  }
  if (!std::filesystem::is_regular_file(path)) {
    run_mutations(*target, corpus, runs, seed);
  }
  return 0;
}
