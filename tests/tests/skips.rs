//! One skipped instruction, or one decision that is turned round, does not open the example door: a part of what
//! `tests/assurance/skips` tries.

use std::collections::BTreeMap;

use tokenlatch_tests::skips::{Door, Fault, Outcome, Scene, Stage, When, forged, good, is_weak};

/// What a fault in the second verification alone could decide, before the first one checked it as well. (So it is with a
/// used token, but to wait until the door is shut takes a minute.)
const SCENES: [&str; 3] = ["wrong nonce", "revoked", "old key set"];

/// Where the door decides.
const FUNCTIONS: [&str; 7] = [
    "tokenlatch_door::bolt",
    "tokenlatch_door::door::Controller<B>::check",
    "tokenlatch::rs256::verifies",
    "tokenlatch_device::challenge",
    "tokenlatch_device::document",
    "tokenlatch_device::hardened::Verdict",
    "tokenlatch_device::revocation",
];

#[test]
fn no_fault_of_one_instruction_opens_the_door() {
    let door = Door::build();
    assert!(is_weak(&door), "a door without a verifier has to open");
    a_fault_is_a_fault(&door);
    let scenes = forged();
    for name in SCENES {
        let scene = scenes.iter().find(|scene| scene.name == name);
        campaign(&door, scene.expect("the scene"));
    }
}

/// A good token opens the door, unless a fault prevents it.
fn a_fault_is_a_fault(door: &Door) {
    let scene = good();
    let check = door.function(&["tokenlatch_door::door::Controller<", "::check"]);
    let skipped = |when| Fault {
        address: check,
        changed: door.instruction(check).skipped().bytes().to_vec(),
        when,
    };
    let faults = [When::Once(1), When::Once(2), When::Once(3), When::Always].map(skipped);
    let [first, second, third, always] = Stage::set(door, &scene).inject(&faults)[..] else {
        panic!("four outcomes");
    };
    for outcome in [first, second, always] {
        assert!(outcome.is_some_and(|outcome| outcome != Outcome::Moved));
    }
    // It is verified twice.
    assert_eq!(third, None);
}

fn campaign(door: &Door, scene: &Scene) {
    let stage = Stage::set(door, scene);
    let is_here = |address: u32| {
        FUNCTIONS
            .iter()
            .any(|name| door.place(address).0.contains(name))
    };
    let faults: Vec<Fault> = stage
        .executed()
        .into_iter()
        .filter(|(address, _)| is_here(*address))
        .flat_map(|(address, _)| door.faults(address, 1))
        .filter(|fault| fault.when != When::Always)
        .collect();
    let outcomes = stage.inject(&faults);
    let mut counts = BTreeMap::<_, u32>::new();
    for (fault, outcome) in faults.iter().zip(&outcomes) {
        assert_ne!(
            *outcome,
            Some(Outcome::Moved),
            "{}: {fault:x?} at {:?}",
            scene.name,
            door.place(fault.address)
        );
        *counts.entry(*outcome).or_default() += 1;
    }
    println!("{}: {counts:?}", scene.name);
    assert!(faults.len() > 100, "{}", faults.len());
}
