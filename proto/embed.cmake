# Writes the bytes of the file IN into the C++ source OUT, as hpod::DescriptorSet().
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "#include \"hpo/v1/descriptor_set.h\"
namespace {
constexpr unsigned char kBytes[] = {${bytes}};
}
namespace hpod {
std::string_view DescriptorSet() { return {reinterpret_cast<const char*>(kBytes), sizeof kBytes}; }
}
")
