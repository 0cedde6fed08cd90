//! Makes the modules of `hpod::proto` from `proto/` of the repository, with the `protoc` of the machine.

use std::path::Path;

use prost_types::FileDescriptorSet;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let files = ["catalog_service", "error", "study_service", "trial_service"]
        .map(|name| root.join(format!("hpo/v1/{name}.proto")));
    println!("cargo:rerun-if-changed={}", root.display());
    let mut descriptors = prost_build::Config::new().load_fds(&files, &[root])?;
    always_send(&mut descriptors, "ReportValueRequest", "value");
    tonic_prost_build::configure().build_server(false).compile_fds(descriptors)
}

/// prost leaves a double of -0.0 out of a message, as if it were 0: an optional field is sent whatever it is.
fn always_send(descriptors: &mut FileDescriptorSet, message: &str, field: &str) {
    let messages = descriptors.file.iter_mut().flat_map(|file| &mut file.message_type);
    let fields = messages.filter(|found| found.name() == message).flat_map(|found| &mut found.field);
    for found in fields.filter(|found| found.name() == field) {
        found.proto3_optional = Some(true);
    }
}
