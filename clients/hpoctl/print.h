// The forms of output that are no tables.

#ifndef HPOD_CLIENTS_HPOCTL_PRINT_H_
#define HPOD_CLIENTS_HPOCTL_PRINT_H_

#include <string>
#include <string_view>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/json_write.h"

namespace hpod {

// JSON text; bytes that are not UTF-8 are replaced. indent -1: one line.
std::string Dump(const Json& json, int indent);

// One JSON document, indented.
void PrintJson(const Io& io, const Json& json);

// What a command did: `studies/mnist created`; with -o json, `json`.
void PrintDone(const Context& context, std::string_view path, std::string_view done,
               const Json& json);

// One object for programs that do not read JSON: a row for each of its leaves, path and value:
// `study.sampler.name<tab>tpe`. Elements of arrays are counted from 0. Empty strings, arrays and
// objects and nulls have an empty value.
void PrintFields(const Context& context, const Json& json);

// An array, element by element, each on its own line: one document, however long. Nothing is
// written before the first Add or Finish, so that a call that fails at once leaves no half
// document.
class JsonArrayPrinter {
 public:
  explicit JsonArrayPrinter(const Io& io) : io_(io) {}
  void Add(const Json& element);
  void Finish();

 private:
  const Io& io_;
  bool is_empty_ = true;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_PRINT_H_
