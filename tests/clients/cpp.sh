needs=(cmake c++)
worker=build/clients/cpp/example/worker

# What an installed library gives: the example is built as a project of its own.
build() {
  cmake --install "$HPOD_BUILD" --component cpp --prefix build/clients/cpp/prefix >/dev/null
  cmake -S clients/cpp/example -B build/clients/cpp/example -G Ninja -Wno-dev \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$PWD/build/clients/cpp/prefix" >/dev/null
  cmake --build build/clients/cpp/example
}
