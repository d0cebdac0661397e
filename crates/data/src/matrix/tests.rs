//! What is written is read back, by Python too where it has NumPy and SciPy.

use std::fs;
use std::io::Read;
use std::process::Command;

use serde_json::{Value, json};

use super::*;

const INFINITY: f64 = f64::INFINITY;

fn with_example<T>(run: impl FnOnce(&Numbers<'_>) -> T) -> T {
    let names = ["parity[+]".to_owned(), "größe\n2".into(), String::new()];
    run(&Numbers {
        indptr: &[0, 2, 2, 3],
        indices: &[0, 3, 1],
        values: &[0.1, -1.0 / 3.0, 1e-300],
        l: &[-INFINITY, 0.0, -0.5],
        u: &[0.02, INFINITY, -0.5],
        lo: &[0.0, 0.0, -INFINITY, 0.0],
        hi: &[1.0, 1.0, INFINITY, 1.0],
        w: &[1.0, 2.0, 1.0, 0.25],
        names: &names,
        ..Numbers::default()
    })
}

#[test]
fn json_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    with_example(|numbers| write_numbers(numbers, MatrixFormat::Json, &path)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let expected = json!({
        "n": 4, "m": 3, "names": ["parity[+]", "größe\n2", ""],
        "A": {"indptr": [0, 2, 2, 3], "indices": [0, 3, 1], "values": [0.1, -1.0 / 3.0, 1e-300]},
        "l": [null, 0.0, -0.5], "u": [0.02, null, -0.5],
        "lo": [0.0, 0.0, null, 0.0], "hi": [1.0, 1.0, null, 1.0], "w": [1.0, 2.0, 1.0, 0.25],
    });
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    assert!(text.starts_with("{\"n\":4,\"m\":3,\"names\"") && text.ends_with("}\n"));
}

/// Header and bytes of a member of an archive.
fn member(archive: &[u8], name: &str) -> (String, Vec<u8>) {
    let archive = rawzip::ZipArchive::from_slice(archive).unwrap();
    let path = format!("{name}.npy");
    let entry =
        archive.entries().map(Result::unwrap).find(|entry| entry.file_path().as_ref() == path.as_bytes()).unwrap();
    let entry = archive.get_entry(entry.wayfinder()).unwrap();
    let mut bytes = Vec::new();
    entry.verifying_reader(entry.data()).read_to_end(&mut bytes).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!((10 + length) % 64, 0);
    let header = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
    assert!(header.ends_with('\n'));
    (header.trim_end().to_owned(), bytes[10 + length..].to_vec())
}

#[test]
fn npz_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    with_example(|numbers| write_numbers(numbers, MatrixFormat::Npz, &path)).unwrap();
    let archive = std::fs::read(&path).unwrap();
    assert_eq!(rawzip::ZipArchive::from_slice(&archive).unwrap().entries_hint(), 11);
    let (header, bytes) = member(&archive, "u");
    assert_eq!(header, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }");
    let floats: Vec<f64> = bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    assert_eq!(floats, [0.02, INFINITY, -0.5]);
    let (_, bytes) = member(&archive, "indices");
    let integers: Vec<i64> = bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect();
    assert_eq!(integers, [0, 3, 1]);
    let (header, bytes) = member(&archive, "names");
    assert!(header.contains("'<U9'"), "{header}");
    let text: String =
        bytes.as_chunks().0.iter().filter_map(|bytes| char::from_u32(u32::from_le_bytes(*bytes))).collect();
    assert_eq!(text, "parity[+]größe\n2\0\0\0\0\0\0\0\0\0\0\0");
    assert_eq!(member(&archive, "format").1, b"csr");
}

#[test]
fn market_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.mtx");
    let files = with_example(|numbers| write_numbers(numbers, MatrixFormat::Market, &path)).unwrap();
    let expected = "%%MatrixMarket matrix coordinate real general\n\
        % row 1: parity[+]\n% row 2: größe 2\n% row 3: \n3 4 3\n\
        1 1 0.1\n1 4 -0.3333333333333333\n3 2 1e-300\n";
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    let lower = fs::read_to_string(dir.path().join("x.l.mtx")).unwrap();
    assert_eq!(lower, "%%MatrixMarket matrix array real general\n3 1\n-inf\n0\n-0.5\n");
    assert_eq!(files.len(), 6);
    assert!(files.iter().all(|file| file.exists()));
    let refused = with_example(|numbers| write_numbers(numbers, MatrixFormat::Market, Path::new("-")));
    assert!(matches!(refused, Err(DataError::SeveralFiles { .. })));
}

/// Two rows that read one distance share its column; a matrix has no form for it.
#[test]
fn distances_are_columns_for_solvers_and_terms_in_json() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    let distances = Distances { rows: &[0, 1, 1], samples: &[0, 0, 1], b: &[0.5, 2.0, 1.0], c: &[0.25, 0.25, -1.0] };
    let names = ["a".to_owned(), "b".to_owned()];
    let numbers = Numbers {
        indptr: &[0, 1, 1],
        indices: &[1],
        values: &[3.0],
        l: &[-INFINITY; 2],
        u: &[1.0, 2.0],
        lo: &[0.0; 2],
        hi: &[1.0; 2],
        w: &[1.0; 2],
        names: &names,
        distances: Some(distances),
        ..Numbers::default()
    };
    write_numbers(&numbers, MatrixFormat::Lp, &path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for line in [
        " a: + 3 y2 + 0.5 t1 <= 1",
        " b: + 2 t1 + 1 t2 <= 2",
        " t1_above: + 1 y1 - 1 t1 <= 0.25",
        " t1_below: - 1 y1 - 1 t1 <= -0.25",
        " t2_below: - 1 y2 - 1 t2 <= 1",
        " t2 >= 0",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    write_numbers(&numbers, MatrixFormat::Json, &path).unwrap();
    let read: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!((&read["convex"]["c"], &read["n"]), (&json!([0.25, 0.25, -1.0]), &json!(2)));
    let refused = write_numbers(&numbers, MatrixFormat::Npz, &path);
    assert!(matches!(refused, Err(DataError::NoDistances { format: "npz" })));
}

/// Two-sided, one-sided, equal, free and soft rows; all kinds of bounds; a weight of zero; names that have to change.
fn with_program<T>(z: Option<&[f64]>, run: impl FnOnce(&Numbers<'_>) -> T) -> T {
    let names = ["odds[a=female,b=male]", "größe 2", "free", "e1", "caps.2", "obj"].map(str::to_owned);
    run(&Numbers {
        indptr: &[0, 3, 4, 6, 8, 9, 9],
        indices: &[0, 1, 4, 2, 0, 3, 1, 4, 2],
        values: &[0.1, -1.0 / 3.0, 1e-300, 1.0, 2.0, -1.0, 1.0, 1.0, 5e17],
        l: &[-0.02, -INFINITY, -INFINITY, 0.3, -1.0, 0.0],
        u: &[0.02, 0.5, INFINITY, 0.3, INFINITY, 1.0],
        lo: &[0.0, -INFINITY, -INFINITY, 0.25, -2.0],
        hi: &[1.0, INFINITY, 0.75, 0.25, INFINITY],
        w: &[1.0, 2.0, 0.0, 0.25, 1.0],
        names: &names,
        soft: Some(&[INFINITY, 10.0, INFINITY, INFINITY, 2.5, 1.0]),
        z,
        ..Numbers::default()
    })
}

fn written(format: MatrixFormat, z: Option<&[f64]>) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    with_program(z, |numbers| write_numbers(numbers, format, &path)).unwrap();
    fs::read(&path).unwrap()
}

#[test]
fn solvers_get_a_quadratic_program() {
    for format in [MatrixFormat::Mps, MatrixFormat::Lp] {
        let with = String::from_utf8(written(format, Some(&[0.5, 0.1, 0.9, 0.0, -1.0]))).unwrap();
        let without = String::from_utf8(written(format, None)).unwrap();
        insta::assert_snapshot!(format!("{format}_projection"), with);
        insta::assert_snapshot!(format!("{format}_feasibility"), without);
    }
}

#[test]
fn safetensors_read_back() {
    let bytes = written(MatrixFormat::Safetensors, Some(&[0.5, 0.1, 0.9, 0.0, -1.0]));
    assert_eq!(bytes, written(MatrixFormat::Safetensors, Some(&[0.5, 0.1, 0.9, 0.0, -1.0])), "the same every time");
    let tensors = ::safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let floats = |name: &str| -> Vec<f64> {
        let tensor = tensors.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), ::safetensors::Dtype::F64);
        tensor.data().as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
    };
    let integers = |name: &str| -> Vec<i64> {
        let tensor = tensors.tensor(name).unwrap();
        tensor.data().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
    };
    let (_, metadata) = ::safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let names: Vec<String> = serde_json::from_str(&metadata.metadata().as_ref().unwrap()["names"]).unwrap();
    with_program(None, |numbers| {
        let expected = [("l", numbers.l), ("u", numbers.u), ("lo", numbers.lo), ("hi", numbers.hi), ("w", numbers.w)];
        expected.iter().for_each(|(name, values)| assert_eq!(floats(name), *values, "{name}"));
        assert_eq!((floats("values"), floats("soft")), (numbers.values.to_vec(), numbers.soft.unwrap().to_vec()));
        assert_eq!(integers("indptr"), numbers.indptr.iter().map(|&i| i as i64).collect::<Vec<_>>());
        assert_eq!(integers("indices"), numbers.indices.iter().map(|&i| i as i64).collect::<Vec<_>>());
        assert_eq!(names, numbers.names);
    });
    assert_eq!(floats("z"), [0.5, 0.1, 0.9, 0.0, -1.0]);
    let plain = written(MatrixFormat::Safetensors, None);
    assert!(::safetensors::SafeTensors::deserialize(&plain).unwrap().tensor("z").is_err());
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    let refused = |change: &dyn Fn(&mut Numbers<'static>)| {
        let mut numbers = Numbers { indptr: &[0], ..Numbers::default() };
        write_numbers(&numbers, MatrixFormat::Json, &path).unwrap();
        change(&mut numbers);
        write_numbers(&numbers, MatrixFormat::Json, &path).unwrap_err().to_string()
    };
    assert_eq!(
        refused(&|numbers| numbers.l = &[0.0]),
        "the export does not fit together: the length of indptr is 1, expected 2"
    );
    refused(&|numbers| numbers.indptr = &[]);
    refused(&|numbers| numbers.lo = &[0.0]);
    refused(&|numbers| (numbers.indptr, numbers.l, numbers.u) = (&[0, 5, 0], &[0.0; 2], &[0.0; 2]));
    refused(&|numbers| numbers.indices = &[0]);
    let turned = refused(&|numbers| {
        (numbers.indptr, numbers.indices, numbers.values) = (&[0, 2], &[1, 0], &[1.0; 2]);
        (numbers.l, numbers.u, numbers.lo, numbers.hi, numbers.w) = (&[0.0], &[1.0], &[0.0; 2], &[1.0; 2], &[1.0; 2]);
        numbers.names = Box::leak(Box::new(["a".to_owned()]));
    });
    assert!(turned.contains("an index after a smaller one is 0, expected 2"), "{turned}");
}

#[test]
fn python_reads_all_of_it() {
    const SCRIPT: &str = r#"
import sys, json, numpy as np
from scipy import io, sparse
d = sys.argv[1]
z = np.load(d + "/x.npz")
A = sparse.load_npz(d + "/x.npz")
M = io.mmread(d + "/x.mtx")
J = json.load(open(d + "/x.json"))
D = np.array([[0.1, 0, 0, -1/3], [0, 0, 0, 0], [0, 1e-300, 0, 0]])
K = sparse.csr_array((J["A"]["values"], J["A"]["indices"], J["A"]["indptr"]), shape=(J["m"], J["n"]))
for B in (A, M, K):
    assert (B.toarray() == D).all(), B
assert z["indices"].dtype == np.int64 and list(z["names"]) == ["parity[+]", "größe\n2", ""], z["names"]
inf = np.inf
for k, v in dict(l=[-inf, 0, -.5], u=[.02, inf, -.5], lo=[0, 0, -inf, 0], hi=[1, 1, inf, 1], w=[1, 2, 1, .25]).items():
    assert (z[k] == v).all(), k
    assert (io.mmread(f"{d}/x.{k}.mtx").ravel() == v).all(), k
"#;
    let python = |arguments: &[&str]| Command::new("python3").args(arguments).output();
    if !python(&["-c", "import numpy, scipy"]).is_ok_and(|output| output.status.success()) {
        eprintln!("not run: python3 with numpy and scipy is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for format in MatrixFormat::ALL {
        let path = dir.path().join(format!("x.{format}"));
        with_example(|numbers| write_numbers(numbers, format, &path)).unwrap();
    }
    let output = python(&["-c", SCRIPT, dir.path().to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
