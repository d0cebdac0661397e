//! Compiles the node against the headers of the libtorch that torch-sys has found.

use std::env;
use std::path::{Path, PathBuf};

/// A header that tells libtorch's folder of headers from others.
const HEADER: &str = "torch/csrc/autograd/function.h";

fn main() {
    for file in ["build.rs", "src/node.cpp", "src/node.h"] {
        println!("cargo::rerun-if-changed={file}");
    }
    for name in ["LIBTORCH", "LIBTORCH_INCLUDE", "LIBTORCH_CXX11_ABI"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    // Documentation is built where there is no libtorch.
    if env::var_os("DOCS_RS").is_some() {
        return;
    }
    let folders = header_folders();
    let Some(headers) = folders.iter().find(|folder| folder.join(HEADER).exists()) else {
        let looked = folders.iter().map(|folder| format!("`{}`", folder.display())).collect::<Vec<_>>().join(", ");
        let looked = if looked.is_empty() { "no folder at all".to_owned() } else { looked };
        println!("cargo::error=libtorch's headers are missing: looked for `{HEADER}` in {looked}");
        println!("cargo::error=set `LIBTORCH_INCLUDE` to the folder that has libtorch's `include` in it");
        return;
    };
    compile(headers);
}

/// Where the headers may be: where `LIBTORCH_INCLUDE` says, or beside the libraries that torch-sys links to, which holds for
/// libtorch's archive, for the Python package and for a system's folders.
fn header_folders() -> Vec<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from);
    let given = folder("LIBTORCH_INCLUDE").map(|path| path.join("include"));
    let beside = folder("DEP_TCH_LIBTORCH_LIB").map(|path| path.join("../include"));
    let whole = folder("LIBTORCH").map(|path| path.join("include"));
    given.into_iter().chain(beside).chain(whole).collect()
}

fn compile(headers: &Path) {
    let mut build = cc::Build::new();
    // libtorch's headers warn; they are not ours.
    build.cpp(true).std("c++17").warnings(false).file("src/node.cpp").include(headers);
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        let abi = env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".to_owned());
        build.define("_GLIBCXX_USE_CXX11_ABI", abi.as_str());
    }
    build.compile("fairc_autograd");
}
