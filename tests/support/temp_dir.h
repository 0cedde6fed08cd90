// A folder of its own for a test, removed with what is in it.

#ifndef HPOD_TESTS_SUPPORT_TEMP_DIR_H_
#define HPOD_TESTS_SUPPORT_TEMP_DIR_H_

#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <string>

namespace hpod {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "hpod_test_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_TEMP_DIR_H_
