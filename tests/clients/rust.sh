needs=(cargo protoc)
worker=build/cargo/debug/examples/worker

build() {
  (cd clients/rust && cargo build --locked --quiet --examples && cargo test --locked --quiet)
}
