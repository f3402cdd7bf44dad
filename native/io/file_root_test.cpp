#include "io/file_root.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// root/ with files and links, beside it secret.txt.
class FileRootTest : public testing::TestWithParam<FileRoot::Lookup> {
 protected:
  FileRootTest() {
    std::string name = (fs::temp_directory_path() / "file_root_XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    fs::create_directories(top_ / "root/folder");
    write("secret.txt", "secret");
    write("root/a.txt", "a");
    write("root/folder/b.txt", "b");
    fs::create_symlink("a.txt", top_ / "root/link_inside");
    fs::create_symlink("../secret.txt", top_ / "root/link_out");
    fs::create_symlink(top_ / "secret.txt", top_ / "root/link_absolute");
    fs::create_directory_symlink("..", top_ / "root/folder_out");
    fs::create_symlink("loop", top_ / "root/loop");
  }
  ~FileRootTest() override { fs::remove_all(top_); }

  void write(const char* name, const char* text) { std::ofstream(top_ / name) << text; }
  [[nodiscard]] std::string root() const { return (top_ / "root").string(); }

  static std::string read(FileRoot& files, std::string_view name) {
    const auto file = files.open(name);
    if (!file.ok()) {
      return std::string(error_info(file.error().code).name);
    }
    std::string text(64, '\0');
    const ssize_t size = ::read(file->get(), text.data(), text.size());
    return size < 0 ? "folder" : text.substr(0, static_cast<size_t>(size));
  }

  fs::path top_;
};

TEST_P(FileRootTest, OpensWhatLiesBelow) {
  FileRoot files(root(), GetParam());
  EXPECT_EQ(read(files, "a.txt"), "a");
  EXPECT_EQ(read(files, "folder/b.txt"), "b");
  EXPECT_EQ(read(files, "folder"), "folder");
  EXPECT_EQ(read(files, ""), "folder");
  EXPECT_EQ(read(files, "missing"), "NOT_FOUND");
  EXPECT_EQ(read(files, "a.txt/b"), "NOT_FOUND");
  EXPECT_EQ(read(files, "link_inside"),
            GetParam() == FileRoot::Lookup::kKernel ? "a" : "NOT_FOUND");
  EXPECT_EQ(read(files, std::string(300, 'x')), "NOT_FOUND");
}

TEST_P(FileRootTest, NothingOutsideWhateverTheName) {
  FileRoot files(root(), GetParam());
  for (const char* name :
       {"../secret.txt", "folder/../../secret.txt", "link_out", "link_absolute",
        "folder_out/secret.txt", "loop", "/etc/passwd", "/proc/self/root/etc/passwd"}) {
    EXPECT_EQ(read(files, name), "NOT_FOUND") << name;
  }
}

TEST_P(FileRootTest, AFolderThatComesAndGoes) {
  FileRoot files((top_ / "later").string(), GetParam());
  EXPECT_EQ(read(files, "a"), "NOT_FOUND");
  fs::create_directory(top_ / "later");
  write("later/a", "1");
  EXPECT_EQ(read(files, "a"), "1");
  fs::remove_all(top_ / "later");
  EXPECT_EQ(read(files, "a"), "NOT_FOUND");
  fs::create_directory(top_ / "later");
  write("later/a", "2");
  EXPECT_EQ(read(files, "a"), "2");
}

TEST_P(FileRootTest, APipeDoesNotBlock) {
  ASSERT_EQ(::mkfifo((top_ / "root/pipe").c_str(), 0600), 0);
  FileRoot files(root(), GetParam());
  EXPECT_TRUE(files.open("pipe").ok());
}

TEST_P(FileRootTest, OutOfDescriptors) {
  FileRoot files(root(), GetParam());
  ASSERT_EQ(read(files, "a.txt"), "a");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto file = files.open("a.txt");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error(), (Error{ErrorCode::kOutOfDescriptors, EMFILE}));
}

INSTANTIATE_TEST_SUITE_P(Lookups, FileRootTest,
                         testing::Values(FileRoot::Lookup::kKernel,
                                         FileRoot::Lookup::kWithoutLinks));

}  // namespace
}  // namespace millrace
