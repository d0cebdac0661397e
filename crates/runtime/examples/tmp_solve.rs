fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    for line in text.lines() {
        let t = std::time::Instant::now();
        let a = fairc_runtime::solve_record::solve_line(line, &Default::default());
        println!("{:?} {}", t.elapsed(), a.chars().take(400).collect::<String>());
    }
}
