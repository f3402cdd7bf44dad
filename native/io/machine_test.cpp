#include "io/machine.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>

namespace millrace {
namespace {

class MachineTest : public ::testing::Test {
 protected:
  MachineTest() {
    std::string name = (std::filesystem::temp_directory_path() / "machine_test.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~MachineTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  [[nodiscard]] size_t usable() const { return usable_memory_bytes(folder_, folder_ + "/self"); }

  std::string folder_;
};

TEST_F(MachineTest, LimitOfTheControlGroupCounts) {
  const size_t machine = usable();
  EXPECT_GT(machine, size_t{1} << 20) << "without any of the files";
  write("self", "0::/\n");
  for (const auto& [text, expected] :
       std::initializer_list<std::pair<const char*, size_t>>{{"67108864\n", size_t{64} << 20},
                                                             {"max\n", machine},
                                                             {"18446744073709551615\n", machine},
                                                             {"", machine}}) {
    write("memory.max", text);
    EXPECT_EQ(usable(), expected) << text;
  }
}

TEST_F(MachineTest, LowestLimitOfTheGroupsAroundCounts) {
  write("self", "5:cpu:/x\n0::/system.slice/millrace.service\n");
  write("system.slice/memory.max", "33554432\n");
  write("system.slice/millrace.service/memory.max", "67108864\n");
  EXPECT_EQ(usable(), size_t{32} << 20);
  write("system.slice/memory.max", "max\n");
  EXPECT_EQ(usable(), size_t{64} << 20);
}

}  // namespace
}  // namespace millrace
