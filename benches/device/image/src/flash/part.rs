//! The verification of a whole token and one part of a device in flash. The part is chosen by a feature.
#![no_std]
#![no_main]

use core::hint::black_box;

use tokenlatch::{JwkSet, Time, Verified};
use tokenlatch_device::{
    Audit, AuditCount, AuditEntry, Challenge, Clock, Error, Event, Fingerprint, Layout, Log,
    Nonces, Reading, Records, Root, Storage, Verdict,
};
use tokenlatch_device_image::parts::{Flash, Keys, Revoked, Used};
use tokenlatch_device_image::program_that_holds;
use tokenlatch_device_image::whole_token::{Verify, verify, verify_in_steps};

program_that_holds!(verify as Verify, part as fn());

/// All that the part offers. The compiler must assume that `black_box` calls the functions, with any argument.
fn part() {
    if cfg!(feature = "part-steps") {
        black_box(verify_in_steps as Verify);
    }
    if cfg!(feature = "part-clock") {
        black_box(clock as fn(&mut Clock, &mut dyn Records, Option<u64>) -> Result<Reading, Error>);
    }
    if cfg!(feature = "part-key-set") {
        black_box(key_set as fn(&mut Keys, Signed<'_, '_>) -> Result<(), Error>);
        black_box(keys as fn(&Keys, Time) -> Result<&JwkSet<4>, Error>);
    }
    if cfg!(feature = "part-revocation") {
        black_box(revocation as fn(&mut Revoked, Signed<'_, '_>) -> Result<(), Error>);
        black_box(Revoked::check as fn(&Revoked, &Verified<'_>) -> Result<(), Error>);
    }
    if cfg!(feature = "part-replay") {
        black_box(Used::load as fn(&mut Used, &mut dyn Records) -> Result<(), Error>);
        black_box(
            Used::accept
                as fn(&mut Used, &Verified<'_>, &mut Clock, &mut dyn Records) -> Result<(), Error>,
        );
    }
    if cfg!(feature = "part-challenge") {
        black_box(
            nonces as fn(&mut Nonces, &mut Challenge, &mut dyn Records, u64) -> Result<(), Error>,
        );
        black_box(Challenge::check as fn(&mut Challenge, &Verified<'_>, u64) -> Result<(), Error>);
    }
    if cfg!(feature = "part-audit") {
        black_box(Audit::load as fn(&mut Audit, &mut dyn Log) -> Result<AuditCount, Error>);
        black_box(
            record as fn(&mut Audit, Error, &Verified<'_>, &mut dyn Log) -> Result<(), Error>,
        );
        black_box(Audit::each as fn(&mut dyn Log, &mut dyn FnMut(AuditEntry)) -> Result<(), Error>);
    }
    if cfg!(feature = "part-verdict") {
        black_box(verdict as fn(&Verified<'_>, &Verified<'_>) -> bool);
    }
    if cfg!(feature = "part-storage") {
        black_box(storage as for<'m> fn(Flash<'m>, &mut [u8]) -> Result<Storage<Flash<'m>>, Error>);
    }
}

/// A signed document, and what it takes to read one.
struct Signed<'a, 'r> {
    document: &'a [u8],
    scratch: &'a mut [u8],
    root: &'a Root<'r>,
    clock: &'a mut Clock,
    records: &'a mut dyn Records,
}

fn clock(clock: &mut Clock, records: &mut dyn Records, rtc: Option<u64>) -> Result<Reading, Error> {
    clock.load(records)?;
    clock.learn(black_box(1));
    clock.store_if_due(records)?;
    Ok(clock.read(rtc))
}

fn key_set(keys: &mut Keys, signed: Signed<'_, '_>) -> Result<(), Error> {
    let Signed {
        document,
        scratch,
        root,
        clock,
        records,
    } = signed;
    keys.load(scratch, root, clock, records)?;
    keys.apply(document, scratch, root, clock, records)?;
    Ok(())
}

fn keys(keys: &Keys, now: Time) -> Result<&JwkSet<4>, Error> {
    keys.keys(now)
}

fn revocation(revoked: &mut Revoked, signed: Signed<'_, '_>) -> Result<(), Error> {
    let Signed {
        document,
        scratch,
        root,
        clock,
        records,
    } = signed;
    revoked.load(scratch, root, clock, records)?;
    revoked.apply(document, scratch, root, clock, records)?;
    Ok(())
}

fn nonces(
    nonces: &mut Nonces,
    challenge: &mut Challenge,
    records: &mut dyn Records,
    now: u64,
) -> Result<(), Error> {
    nonces.load(records)?;
    black_box(challenge.begin(nonces.next(records)?, now));
    Ok(())
}

fn record(
    audit: &mut Audit,
    error: Error,
    token: &Verified<'_>,
    log: &mut dyn Log,
) -> Result<(), Error> {
    audit.record(
        Event::Token,
        Err(error),
        Time::at_least(black_box(1)),
        token.subject(),
        log,
    )
}

fn verdict(first: &Verified<'_>, second: &Verified<'_>) -> bool {
    Verdict::confirm(&Fingerprint::of(first), &Fingerprint::of(second)).is_accepted()
}

fn storage<'m>(flash: Flash<'m>, buffer: &mut [u8]) -> Result<Storage<Flash<'m>>, Error> {
    let mut storage = Storage::open(flash, Layout::default())?;
    storage.erase()?;
    storage.get(black_box(1), buffer)?;
    storage.put(black_box(1), buffer)?;
    storage.each(&mut |number, value| {
        black_box((number, value));
    })?;
    storage.push(buffer)?;
    storage.each_entry(&mut |entry| {
        black_box(entry);
    })?;
    Ok(storage)
}
