fn main() {
    println!("cargo:rerun-if-env-changed=OPERATION");
}
