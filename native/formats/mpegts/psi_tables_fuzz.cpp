// First byte: where packets are cut. Sections from the assembler, with their CRC made right so that
// the parsers see them.
#include <cstdlib>
#include <vector>

#include "formats/mpegts/crc32.hpp"
#include "formats/mpegts/elementary_reader.hpp"
#include "formats/mpegts/section_assembler.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) {
    return 0;
  }
  mpegts::SectionAssembler assembler;
  size_t step = 0;
  for (size_t at = 1; at < size; at += step) {
    step = std::min<size_t>(size - at, 1 + data[0] % 184);
    assembler.push({data + at, step}, data[at] % 3 == 0);
    for (auto next = assembler.next(); next && *next; next = assembler.next()) {
      std::vector<uint8_t> section((*next)->begin(), (*next)->end());
      if (section.size() > mpegts::SectionAssembler::kMaxSectionBytes) {
        std::abort();
      }
      if (section.size() >= 4) {
        const uint32_t crc = mpegts::crc32(Bytes(section).first(section.size() - 4));
        for (size_t i = 0; i < 4; ++i) {
          section[section.size() - 4 + i] = static_cast<uint8_t>(crc >> (24 - 8 * i));
        }
      }
      (void)mpegts::PatSection::parse(section);
      if (const auto map = mpegts::PmtSection::parse(section); map) {
        for (const auto& stream : map->streams) {
          (void)mpegts::StreamFormat::of(stream);
        }
      }
    }
  }
  return 0;
}
