#include "clients/hpoctl/run/trial_folder.h"

#include <fmt/format.h>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/text.h"

namespace hpod {

absl::StatusOr<TrialFolder> TrialFolder::Make(const std::filesystem::path& root,
                                              const std::string& study,
                                              const hpo::v1::Trial& trial) {
  std::error_code error;
  const std::filesystem::path base = std::filesystem::absolute(root, error);
  TrialFolder folder(base / FolderName(study) / std::to_string(trial.number()));
  std::filesystem::create_directories(folder.path_, error);
  if (error) {
    return UsageError(fmt::format("cannot make the folder '{}': {} (choose another: --output-dir)",
                                  Printable(folder.path_.string()), error.message()));
  }
  folder.out_.open(folder.path_ / "stdout", std::ios::binary | std::ios::trunc);
  folder.err_.open(folder.path_ / "stderr", std::ios::binary | std::ios::trunc);
  std::ofstream params(folder.params_path(), std::ios::binary | std::ios::trunc);
  params << Dump(AssignmentsJson(trial.params()), 2) << '\n' << std::flush;
  if (folder.out_ && folder.err_ && params) return folder;
  return UsageError(fmt::format("cannot write into '{}'", Printable(folder.path_.string())));
}

bool TrialFolder::Add(std::ofstream& file, std::string_view bytes) {
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.flush();
  return file.good();
}

std::string FolderName(std::string_view study) {
  std::string name;
  for (const char c : study) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_safe =
        byte >= 0x20 && byte != 0x7F && c != '/' && c != '%' && !(c == '.' && name.empty());
    name += is_safe ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return name;
}

}  // namespace hpod
