//! The example `tour`, run as a stranger runs it: without arguments, on the sample files, and on files that are wrong.
#![cfg(feature = "std")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The example, built once with the profile and into the directory that `cargo test` uses.
static TOUR: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--profile", "test", "--example", "tour", "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(status.unwrap().success());
    target.join("debug/examples").join(format!("tour{}", std::env::consts::EXE_SUFFIX))
});

fn tour(arguments: &[&str]) -> Output {
    Command::new(&*TOUR).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

/// Standard output of a run that must succeed.
fn success(arguments: &[&str]) -> String {
    let output = tour(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

/// The message of a run that must fail with this status.
fn failure(arguments: &[&str], status: i32) -> String {
    let output = tour(arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// The message for a file with this name and content.
fn refused(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    let message = failure(&[path.to_str().unwrap()], 1);
    let start = format!("tour: {}: ", path.display());
    message.strip_prefix(&start).unwrap_or_else(|| panic!("{message}")).trim_end().to_owned()
}

/// The report on a file with this name and content.
fn accepted(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    success(&[path.to_str().unwrap()])
}

/// The section of the tour whose title starts with this.
fn section<'a>(text: &'a str, title: &str) -> &'a str {
    let start = text.find(&format!("\n{title}")).unwrap();
    let rest = &text[start + 1..];
    let next = char::from(title.as_bytes()[0] + 1);
    rest.find(&format!("\n{next}. ")).map_or(rest, |end| &rest[..end])
}

/// What stands behind the name of a rule.
fn row<'a>(section: &'a str, rule: &str) -> &'a str {
    let found =
        section.lines().find_map(|line| line.strip_prefix(rule)).unwrap_or_else(|| panic!("{rule}:\n{section}"));
    found.trim()
}

/// The error in the last column.
fn error(section: &str, rule: &str) -> f64 {
    row(section, rule).split_whitespace().next_back().unwrap().parse().unwrap()
}

#[test]
fn equal_values_give_the_known_gradients() {
    let text = success(&[]);
    let equal = section(&text, "2.");
    let exact = "[[1.0179, 0.9911], [1.0089, 1.0179]]";
    assert_eq!(row(equal, "finite differences"), exact);
    assert!(row(equal, "block cotangent").starts_with(exact));
    assert!(row(equal, "minimum norm").starts_with("[[0.6179, 0.7911], [0.8089, 1.4179]]"));
    for rule in ["published, within tolerance", "reconstruct (the default)"] {
        assert!(row(equal, rule).starts_with("[[1.0268, 0.9955], [1.0134, 1.0089]]"));
    }
    assert!(equal.contains("refused:\n    the plain rule is not differentiable: singular values 0 and 1"));
    assert!(error(equal, "block cotangent") < 1e-10);
}

#[test]
fn nearly_equal_values_agree_with_the_exact_gradient() {
    let text = success(&[]);
    let near = section(&text, "3.");
    for rule in ["plain", "published, equality test", "reconstruct (the default)", "minimum norm", "block cotangent"] {
        assert!(row(near, rule).starts_with("[[1.0179, 0.9911], [1.0089, 1.0179]]"), "{rule}");
        assert!(error(near, rule) < 1e-10);
    }
}

#[test]
fn distinct_values_agree_and_the_published_rule_fails_for_complex_matrices() {
    let text = success(&[]);
    for title in ["1.", "4."] {
        let section = section(&text, title);
        for rule in ["plain", "minimum norm", "reconstruct (the default)", "block cotangent"] {
            assert!(error(section, rule) < 1e-9, "{title} {rule}");
        }
        let published = error(section, "published, within tolerance");
        assert!(if title == "1." { published < 1e-9 } else { published > 0.1 });
    }
    assert!(error(section(&text, "5."), "block cotangent") < 1e-10);
}

#[test]
fn sample_files_are_read() {
    let numbers = |name: &str| success(&[&format!("examples/tour/data/{name}")]);
    let film = numbers("film.csv");
    assert!(film.contains("film.csv: 4×3, real\n") && film.contains("note: line 2 was taken for a heading"));
    assert!(numbers("channel.csv").contains("channel.csv: 3×4, complex\n"));
    // 4 sin²((2j − 1)π/18): the spectrum of a chain with one free end; the nuclear norm is the trace.
    let truss = numbers("truss.mtx");
    for expected in ["3.532089      2.347296      1.000000      0.120615", "nuclear norm      7.000000", "4 of 4"] {
        assert!(truss.contains(expected), "{truss}");
    }
    assert!(numbers("hermitian.mtx").contains("hermitian.mtx: 3×3, complex\n"));
    let equal = numbers("equal.npy");
    for expected in ["4.472136      4.472136", "1 pair of equal values, 0 zeros", "condition number  1.0000"] {
        assert!(equal.contains(expected), "{equal}");
    }
}

#[test]
fn degenerate_matrices_are_diagnosed() {
    let rank_one = accepted("rank_one.csv", "1,2\n2,4\n");
    assert!(rank_one.contains("rank              1 of 2") && rank_one.contains("0 pairs of equal values, 1 zero"));
    assert!(rank_one.contains("subgradient"));
    let zero = accepted("zero.csv", "0,0\n0,0\n");
    assert!(zero.contains("rank              0 of 2") && zero.contains("infinite: the matrix is singular"));
    let skew = accepted("skew.mtx", "%%MatrixMarket matrix array real skew-symmetric\n3 3\n1\n2\n3\n");
    assert!(skew.contains("rank              2 of 3") && skew.contains("1 pair of equal values, 1 zero"));
    let empty = accepted("no_entries.mtx", "%%MatrixMarket matrix coordinate real general\n0 3 0\n");
    assert!(empty.contains("0×3, real\nThe matrix is empty"));
}

#[test]
fn complex_entries_are_read_in_every_spelling() {
    let spellings = accepted("spellings.csv", "1+2i, 1-2j\n(3+0j), -1e-3-2e+1im\n i,-j\n 0.5 , 2 - 1i\n");
    assert!(spellings.contains("4×2, complex"), "{spellings}");
}

#[test]
fn wide_matrices_are_cut() {
    let row: Vec<String> = (0..300).map(|j| format!("{}", f64::from(j % 17) - 0.5)).collect();
    let text = accepted("wide.csv", vec![row.join("\t"); 40].join("\n"));
    assert!(text.contains("40×300, real"));
    assert!(text.lines().all(|line| line.chars().count() <= 110) && text.lines().count() < 40, "{text}");
}

#[test]
fn malformed_csv_is_refused_with_the_line() {
    for (name, content, expected) in [
        ("ragged.csv", "# comment\n\n1,2,3\n4,5\n", "line 4: 2 entries, but line 3 has 3"),
        ("word.csv", "1,2\n3,x4\n", "line 2, entry 2: expected a number such as 1.5, -2e-3 or 1+2i, found `x4`"),
        ("nan.csv", "1,2\n3,nan\n", "line 2, entry 2: `nan` is not finite"),
        ("trailing.csv", "1,2,\n", "line 1, entry 3: expected a number, found nothing"),
        ("spaces.csv", "1 2\n", "line 1, entry 1: expected commas, semicolons or tabs between numbers, found `1 2`"),
        ("empty.csv", "", "there is no row of numbers"),
        ("names.csv", "a,b\n", "there is no row of numbers"),
        ("overflow.csv", "1.7e308,1.7e308\n1.7e308,1.7e308\n", "the largest singular value exceeds the range"),
    ] {
        let message = refused(name, content);
        assert!(message.starts_with(expected), "{name}: {message}");
    }
    assert_eq!(refused("binary.csv", [0xff, 0xfe, 0x00]), "not a text file (its bytes are not UTF-8)");
}

#[test]
fn malformed_matrix_market_is_refused_with_the_line() {
    const REAL: &str = "%%MatrixMarket matrix coordinate real general\n% comment\n";
    for (name, content, expected) in [
        ("header.mtx", "hello\n", "line 1: expected `%%MatrixMarket matrix FORMAT FIELD SYMMETRY`, found `hello`"),
        ("size.mtx", &format!("{REAL}2 2\n"), "line 3: expected the numbers of rows, columns and entries, found `2 2`"),
        ("no_size.mtx", REAL, "there is no line with the size of the matrix"),
        ("outside.mtx", &format!("{REAL}2 2 1\n3 1 1.0\n"), "line 4: entry (3, 1) lies outside of the 2×2 matrix"),
        ("from_zero.mtx", &format!("{REAL}2 2 1\n0 1 1.0\n"), "line 4: entry (0, 1) lies outside of the 2×2 matrix"),
        (
            "short.mtx",
            &format!("{REAL}2 2 2\n1 1 1.0\n"),
            "the file ends after 1 of the 2 entries that line 3 announces",
        ),
        ("long.mtx", &format!("{REAL}2 2 1\n1 1 1\n1 2 1\n"), "line 5: more than the 1 entries that line 3 announces"),
        ("twice.mtx", &format!("{REAL}2 2 2\n1 1 1\n1 1 1\n"), "line 5: entry (1, 1) was given in line 4 already"),
        ("token.mtx", &format!("{REAL}1 1 1\n1 1 abc\n"), "line 4: expected a number, found `abc`"),
        ("large.mtx", &format!("{REAL}99999 99999 0\n"), "line 3: 99999×99999 entries are too many"),
        (
            "upper.mtx",
            "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 2 1\n",
            "line 3: above the diagonal, but a file with this symmetry stores the lower triangle",
        ),
        (
            "diagonal.mtx",
            "%%MatrixMarket matrix coordinate complex hermitian\n1 1 1\n1 1 1 1\n",
            "line 3: 1+1i on the diagonal contradicts the symmetry in line 1",
        ),
    ] {
        let message = refused(name, content);
        assert!(message.starts_with(expected), "{name}: {message}");
    }
}

/// A .npy file of format 1.0.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    let header = format!("{header}\n");
    file.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

fn header(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
}

#[test]
fn npy_types_and_orders_are_read() {
    // [[1, 2], [3, 4]] has the determinant −2 and the Frobenius norm √30, in either order of storage.
    let sigma = "5.464986      0.365966";
    let floats: Vec<u8> = [1.0_f64, 2.0, 3.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    for fortran in ["False", "True"] {
        let text = accepted("order.npy", npy(&header("<f8", fortran, "(2, 2)"), &floats));
        assert!(text.contains(sigma) && text.contains("real"), "{text}");
    }
    let big_endian: Vec<u8> = [1_i32, 2, 3, 4].iter().flat_map(|x| x.to_be_bytes()).collect();
    let text = accepted("integers.npy", npy(&header(">i4", "False", "(2, 2)"), &big_endian));
    assert!(text.contains(sigma) && text.contains("note: stored as"), "{text}");
    let complex: Vec<u8> = [0.0_f32, 1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let text = accepted("complex.npy", npy(&header("<c8", "False", "(2, 2)"), &complex));
    assert!(text.contains(sigma) && text.contains("2×2, complex"), "{text}");
}

#[test]
fn malformed_npy_is_refused() {
    let nan: Vec<u8> = [1.0, f64::NAN].iter().flat_map(|x| x.to_le_bytes()).collect();
    for (name, content, expected) in [
        ("junk.npy", b"hello".to_vec(), "not a .npy file"),
        // (The parser alone would not end.)
        ("nested.npy", npy(&"{".repeat(60), &[]), "not a .npy file: more than 8 brackets"),
        (
            "product.npy",
            npy(&header("<f4", "False", "(16931749938831236206, 2)"), &[0; 8]),
            "not a .npy file of a matrix: 22 digits",
        ),
        (
            "short.npy",
            npy(&header("<f8", "False", "(2, 3)"), &[0; 24]),
            "the file ends before the last of the 6 entries",
        ),
        ("cube.npy", npy(&header("<f8", "False", "(1, 1, 1)"), &[0; 8]), "expected an array of two dimensions"),
        ("text.npy", npy(&header("<U1", "False", "(1, 1)"), &[0; 4]), "expected float32, float64, complex64"),
        ("large.npy", npy(&header("<f8", "False", "(99999, 99999)"), &[]), "99999×99999 entries are too many"),
        ("nan.npy", npy(&header("<f8", "False", "(1, 2)"), &nan), "entry (0, 1) of the matrix is NaN"),
    ] {
        let message = refused(name, content);
        assert!(message.starts_with(expected), "{name}: {message}");
    }
}

#[test]
fn the_command_line_is_explained() {
    for option in ["--help", "-h"] {
        let help = success(&[option]);
        assert!(help.contains("Usage: tour [FILE]") && help.contains("Matrix Market"));
    }
    assert!(failure(&["--halp"], 2).contains("unknown option --halp"));
    assert!(failure(&["a.csv", "b.csv"], 2).contains("2 files given"));
    assert!(failure(&["matrix.txt"], 1).contains("must end in .npy, .mtx (Matrix Market) or .csv"));
    assert!(failure(&["no such file.csv"], 1).contains("no such file.csv: "));
}
