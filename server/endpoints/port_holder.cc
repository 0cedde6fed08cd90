// /proc/net/tcp maps a listening port to the inode of its socket; a process holds it if one of its
// descriptors is "socket:[inode]" (proc(5)).

#include "server/endpoints/port_holder.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace hpod {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> ListeningInode(const char* table, uint16_t port) {
  const std::string wanted = fmt::format(":{:04X}", port);
  std::ifstream lines(table);
  std::string line;
  std::getline(lines, line);  // heading
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, skipped, inode;
    fields >> slot >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> inode;
    if (state == "0A" && local.ends_with(wanted)) return inode;
  }
  return std::nullopt;
}

bool HoldsSocket(const fs::path& process, const std::string& inode) {
  std::error_code error;
  const std::string wanted = fmt::format("socket:[{}]", inode);
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(it->path(), unreadable) == wanted) return true;
  }
  return false;
}

}  // namespace

std::string DescribePortHolder(uint16_t port) {
  auto inode = ListeningInode("/proc/net/tcp", port);
  if (!inode.has_value()) inode = ListeningInode("/proc/net/tcp6", port);
  if (!inode.has_value()) return "another process";
  std::error_code error;
  for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
    const std::string pid = it->path().filename();
    const bool is_process =
        std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!is_process || !HoldsSocket(it->path(), *inode)) continue;
    std::ifstream name(it->path() / "comm");
    std::string command;
    std::getline(name, command);
    return fmt::format("process {} ({})", pid, command);
  }
  return "another process";
}

}  // namespace hpod
