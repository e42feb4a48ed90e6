//! The server's page in a browser.

use std::path::Path;

use tokenlatch_tests::program;

use super::installed::node;
use super::server::Server;

#[test]
fn the_page_of_our_server_in_chromium() {
    let server = Server::start(program::command().arg("issuer"));
    let screenshot = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("page.png");
    let output = node("page.mjs")
        .arg(server.origin())
        .arg(&screenshot)
        .output()
        .expect("node starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    print!("\nThe page of our server\n{text}");
    assert!(output.status.success(), "{text}{errors}");
}
