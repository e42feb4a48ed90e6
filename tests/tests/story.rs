//! The story of the example door, which `firmware-example/story` prints.

use std::process::{Command, Stdio};

const GOLDEN: &str = include_str!("../golden/story.txt");

#[test]
fn the_door_does_what_the_story_tells() {
    let output = Command::new(env!("CARGO_BIN_EXE_story"))
        .stderr(Stdio::inherit())
        .output()
        .expect("the story starts");
    let story = String::from_utf8(output.stdout).expect("UTF-8");
    println!("{story}");
    assert!(output.status.success());
    for (told, expected) in story.lines().zip(GOLDEN.lines()) {
        assert_eq!(told, expected);
    }
    assert_eq!(story, GOLDEN);
}
