//! Makes the modules of `hpod::proto` from `proto/` of the repository, with the `protoc` of the machine.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let files = ["catalog_service", "error", "study_service", "trial_service"]
        .map(|name| root.join(format!("hpo/v1/{name}.proto")));
    println!("cargo:rerun-if-changed={}", root.display());
    tonic_prost_build::configure().build_server(false).compile_protos(&files, &[root])
}
