// The folder of one trial: what its command writes, and its parameters.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_TRIAL_FOLDER_H_
#define HPOD_CLIENTS_HPOCTL_RUN_TRIAL_FOLDER_H_

#include <filesystem>
#include <fstream>
#include <string_view>

#include "absl/status/statusor.h"

#include "clients/hpoctl/json_write.h"

namespace hpod {

// Holds `stdout`, `stderr` and `params.json`. Files of an earlier trial of that number are
// replaced.
class TrialFolder {
 public:
  // Makes `root`/STUDY/NUMBER. INVALID_ARGUMENT: it cannot be written, and why.
  static absl::StatusOr<TrialFolder> Make(const std::filesystem::path& root,
                                          const std::string& study, const hpo::v1::Trial& trial);

  // Absolute.
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path params_path() const { return path_ / "params.json"; }

  // On disk at once, so that people can follow. False if it cannot be written.
  bool AddOut(std::string_view bytes) { return Add(out_, bytes); }
  bool AddErr(std::string_view bytes) { return Add(err_, bytes); }

 private:
  explicit TrialFolder(std::filesystem::path path) : path_(std::move(path)) {}
  static bool Add(std::ofstream& file, std::string_view bytes);

  std::filesystem::path path_;
  std::ofstream out_;
  std::ofstream err_;
};

// A study's name as the name of a folder: `/`, `%`, control characters and a dot at the start are
// written as `%2F`.
std::string FolderName(std::string_view study);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_TRIAL_FOLDER_H_
