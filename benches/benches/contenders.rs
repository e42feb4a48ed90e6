//! Every contender in every operation, one group for each operation and size of key.

use criterion::{Criterion, criterion_group, criterion_main};
use tokenlatch_benches::{CONTENDERS, Case, Operation, allocations};

fn contenders(criterion: &mut Criterion) {
    for case in Case::all().into_iter().map(Case::leak) {
        for operation in Operation::ALL {
            let name = format!("{}, {} bits", operation.name(), case.bits);
            let mut group = criterion.benchmark_group(name);
            for contender in CONTENDERS {
                let Some(mut task) = (contender.prepare)(operation, case) else {
                    continue;
                };
                // The first time some of them set up what they keep.
                assert!(task(), "{} rejected what is good", contender.name);
                println!("{}: {} allocations", contender.name, allocations(&mut task));
                group.bench_function(contender.name, |bencher| bencher.iter(&mut task));
            }
        }
    }
}

criterion_group!(benches, contenders);
criterion_main!(benches);
