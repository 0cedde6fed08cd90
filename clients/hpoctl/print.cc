#include "clients/hpoctl/print.h"

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

std::string LeafText(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  return json.is_null() || json.is_structured() ? "" : json.dump();
}

void AddFields(const std::string& path, const Json& json, Table& table) {
  if (!json.is_structured() || json.empty()) {
    table.Add({TextCell(path), TextCell(LeafText(json))});
    return;
  }
  size_t index = 0;
  for (const auto& [key, value] : json.items()) {
    const std::string name = json.is_array() ? std::to_string(index++) : key;
    AddFields(path.empty() ? name : path + "." + name, value, table);
  }
}

}  // namespace

std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void PrintJson(const Io& io, const Json& json) { io.out << Dump(json, 2) << '\n'; }

void PrintDone(const Context& context, std::string_view path, std::string_view done,
               const Json& json) {
  if (context.output == Output::kJson) return PrintJson(context.io, json);
  context.io.out << Printable(path) << ' ' << done << '\n';
}

void PrintFields(const Context& context, const Json& json) {
  Table table({{"field", "FIELD"}, {"value", "VALUE"}});
  AddFields("", json, table);
  table.Print(context.io, context.output, "");
}

void JsonArrayPrinter::Add(const Json& element) {
  io_.out << (is_empty_ ? "[\n " : ",\n ") << Dump(element, -1);
  is_empty_ = false;
}

void JsonArrayPrinter::Finish() { io_.out << (is_empty_ ? "[]\n" : "\n]\n"); }

}  // namespace hpod
