//! Nothing to do without the feature `torch`. With it: says early what is missing, and lets the binaries find libtorch
//! where it was when they were linked, so that no environment variable is needed to run them.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for name in ["LIBTORCH", "LIBTORCH_LIB", "LIBTORCH_USE_PYTORCH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    if env::var_os("CARGO_FEATURE_TORCH").is_none() || env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        return;
    }
    let folder = |name: &str| env::var_os(name).map(PathBuf::from);
    let given = folder("LIBTORCH_LIB").or_else(|| folder("LIBTORCH")).map(|path| path.join("lib"));
    match given {
        Some(lib) if has_libtorch(&lib) => {
            let library = lib.join("libtorch_cpu.so");
            // The folder of the library itself: others that it needs are found from there.
            let real = library.canonicalize().ok().and_then(|path| path.parent().map(Path::to_path_buf));
            if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
                println!("cargo::rustc-link-arg=-Wl,-rpath,{}", real.unwrap_or(lib).display());
            }
        }
        Some(lib) => complain(&format!("there is no libtorch in `{}`", lib.display())),
        None if Path::new("/usr/lib/libtorch.so").exists() => {}
        None => complain("neither `LIBTORCH` nor `LIBTORCH_USE_PYTORCH` is set"),
    }
}

fn has_libtorch(lib: &Path) -> bool {
    ["libtorch_cpu.so", "libtorch_cpu.dylib", "torch_cpu.lib"].iter().any(|name| lib.join(name).exists())
}

fn complain(why: &str) {
    println!("cargo::error=the feature `torch` needs libtorch 2.13: {why}");
    println!(
        "cargo::error=`source tests/torch/libtorch.sh` installs it in .venv and sets `LIBTORCH`; see docs/training.md"
    );
}
