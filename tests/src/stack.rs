//! A bound of the stack that a program for a Cortex-M takes, by its call graph.
//!
//! The graph is that of the linked program, as `objdump` shows its instructions: what the compiler inlined, and
//! what it calls by itself, is in it. Each instruction that moves the stack pointer must be one that is known
//! here, and each place in a function must always be reached with the same depth. So nothing is guessed: what
//! is not understood is an error, and so is a recursion.
//!
//! A call by a register can only go to a function whose address the program takes. The linker's relocations
//! show where it does. All functions whose addresses are taken in the code that is reached, and in the
//! constants that this code names, count as called there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{fs, iter};

use object::elf;
use object::read::{Object as _, ObjectSection as _, ObjectSymbol as _};
use object::read::{RelocationFlags, RelocationTarget};
use object::{SectionKind, SymbolKind};

/// A linked program.
pub struct Program {
    /// By their addresses.
    instructions: BTreeMap<u32, Instruction>,
    /// The names of functions by their addresses.
    functions: BTreeMap<u32, String>,
    /// The constants and variables: their addresses and lengths.
    objects: BTreeMap<u32, u32>,
    /// Where the address of a function or object is taken, and which.
    references: BTreeMap<u32, u32>,
}

/// The most stack that a function takes, with all that it calls.
pub struct Bound {
    /// The bound.
    pub bytes: u32,
    /// The calls that lead there: of each function, the name, and the bytes in use when it calls the next one.
    pub path: Vec<(String, u32)>,
    /// All functions that are reached.
    pub functions: BTreeSet<String>,
    /// Those of them that call by a register.
    pub indirect: Vec<String>,
    /// Those that can be called so.
    pub targets: BTreeSet<String>,
}

impl Program {
    /// Reads an ELF file that was linked with `--emit-relocs`.
    ///
    /// # Errors
    ///
    /// If `objdump` is missing, or the file is no such program.
    pub fn read(path: &Path) -> Result<Self, String> {
        let output = Command::new(OBJDUMP)
            .args(["--disassemble", "--demangle", "--disassemble-zeroes"])
            .arg(path)
            .output()
            .map_err(|error| format!("{OBJDUMP}: {error}; it is in binutils-arm-none-eabi"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let listing = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
        let mut program = Self::of_listing(&listing)?;
        let file = fs::read(path).map_err(|error| error.to_string())?;
        program
            .add_references(&file)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(program)
    }

    /// The addresses of the functions of a name.
    pub fn functions<'p>(&'p self, name: &'p str) -> impl Iterator<Item = u32> + 'p {
        let all = self.functions.iter();
        all.filter(move |(_, other)| *other == name)
            .map(|(at, _)| *at)
    }

    /// The bound of the function at an address.
    ///
    /// # Errors
    ///
    /// For a recursion, a call to an unknown place, and an instruction whose effect on the stack is not known.
    pub fn bound(&self, root: u32) -> Result<Bound, String> {
        let mut frames = BTreeMap::new();
        let mut targets = BTreeSet::new();
        let mut pending = vec![root];
        let mut calls_indirectly = false;
        loop {
            while let Some(entry) = pending.pop() {
                if frames.contains_key(&entry) {
                    continue;
                }
                let frame = self.frame(entry)?;
                calls_indirectly |= frame.calls.iter().any(|call| call.callee.is_none());
                pending.extend(frame.calls.iter().filter_map(|call| call.callee));
                targets.extend(self.taken_in(&frame.regions));
                frames.insert(entry, frame);
            }
            if calls_indirectly {
                pending.extend(targets.iter().filter(|at| !frames.contains_key(at)));
            }
            if pending.is_empty() {
                break;
            }
        }
        if !calls_indirectly {
            targets.clear();
        } else if targets.is_empty() {
            return Err("a call by a register, where no address of a function is taken".into());
        }

        let graph = Graph {
            frames: &frames,
            targets: &targets,
            program: self,
        };
        let (bytes, path) = graph.deepest(root, &mut Vec::new(), &mut BTreeMap::new())?;
        let name = |at: &u32| self.name(*at);
        let indirect = frames
            .iter()
            .filter(|(_, frame)| frame.calls.iter().any(|call| call.callee.is_none()));
        Ok(Bound {
            bytes,
            path: path.iter().map(|(at, bytes)| (name(at), *bytes)).collect(),
            functions: frames.keys().map(name).collect(),
            indirect: indirect.map(|(at, _)| name(at)).collect(),
            targets: targets.iter().map(name).collect(),
        })
    }
}

const OBJDUMP: &str = "arm-none-eabi-objdump";

/// An instruction, or data among instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Instruction {
    /// In bytes.
    len: u32,
    /// The bytes as `objdump` shows them, in halfwords or words.
    code: Vec<String>,
    mnemonic: String,
    operands: String,
    /// If an `IT` before makes it depend on a condition: whether that has to hold, or not to hold.
    condition: Option<bool>,
}

/// A function: what it takes by itself, and what it calls.
struct Frame {
    bytes: u32,
    calls: Vec<Call>,
    /// The functions that its instructions lie in: more than one after a jump to another function.
    regions: BTreeSet<u32>,
    /// Whether it ever returns: a panic does not.
    returns: bool,
}

struct Call {
    /// The bytes in use.
    depth: u32,
    /// Nothing for a call by a register.
    callee: Option<u32>,
}

/// What an instruction does to the stack and where it leads.
#[derive(Default)]
struct Effect {
    /// The bytes that it takes, or gives back.
    change: i64,
    call: Option<Option<u32>>,
    jumps: Vec<u32>,
    /// Whether the instruction behind is next, or can be.
    goes_on: bool,
    returns: bool,
}

impl Program {
    fn of_listing(listing: &str) -> Result<Self, String> {
        let mut program = Self {
            instructions: BTreeMap::new(),
            functions: BTreeMap::new(),
            objects: BTreeMap::new(),
            references: BTreeMap::new(),
        };
        // What an `IT` still makes conditional.
        let mut conditions = Vec::new().into_iter();
        for line in listing.lines() {
            if let Some((address, name)) = line
                .strip_suffix(">:")
                .and_then(|line| line.split_once(" <"))
            {
                program.functions.insert(hexadecimal(address)?, name.into());
                continue;
            }
            let mut fields = line.split('\t').map(str::trim);
            let (Some(address), Some(code), Some(mnemonic)) = (
                fields.next().and_then(|field| field.strip_suffix(':')),
                fields.next(),
                fields.next(),
            ) else {
                continue;
            };
            let code: Vec<String> = code.split(' ').map(Into::into).collect();
            let instruction = Instruction {
                len: code.iter().map(|part| part.len() as u32 / 2).sum(),
                code,
                mnemonic: mnemonic.into(),
                // What stands after an @ is a comment.
                operands: fields.next().unwrap_or_default().into(),
                condition: conditions.next(),
            };
            if let Some(others) = if_then(mnemonic) {
                conditions = iter::once(true)
                    .chain(others)
                    .collect::<Vec<_>>()
                    .into_iter();
            }
            program
                .instructions
                .insert(hexadecimal(address)?, instruction);
        }
        Ok(program)
    }

    /// Adds the objects, and the places that have addresses of functions or of objects.
    fn add_references(&mut self, file: &[u8]) -> Result<(), String> {
        let file = object::File::parse(file).map_err(|error| error.to_string())?;
        for symbol in file.symbols() {
            if symbol.kind() == SymbolKind::Data {
                self.objects
                    .insert(symbol.address() as u32, symbol.size() as u32);
            }
        }
        let mut direct_calls = 0;
        for section in file.sections() {
            let is_in_program = matches!(
                section.kind(),
                SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::Data
            );
            if !is_in_program {
                continue;
            }
            for (at, relocation) in section.relocations() {
                let at = at as u32;
                let RelocationFlags::Elf { r_type } = relocation.flags() else {
                    return Err("a relocation of an unknown kind".into());
                };
                let RelocationTarget::Symbol(symbol) = relocation.target() else {
                    return Err(format!("a relocation without a symbol at {at:x}"));
                };
                let symbol = file
                    .symbol_by_index(symbol)
                    .map_err(|error| error.to_string())?;
                let is_section = symbol.kind() == SymbolKind::Section;
                let address = match r_type {
                    // The word is there, with what is added to the symbol.
                    elf::R_ARM_ABS32 => word(&section, at)?,
                    _ if is_section => {
                        return Err(format!("a relocation against a whole section at {at:x}"));
                    }
                    _ => symbol.address() as u32,
                };
                // Without the bit of Thumb.
                let function = address & !1;
                let is_function = self.functions.contains_key(&function);
                let target = if is_function { function } else { address };
                match r_type {
                    elf::R_ARM_THM_PC22 | elf::R_ARM_THM_JUMP24 | elf::R_ARM_THM_JUMP19 => {
                        // Shows that addresses are read as they are meant.
                        let instruction = self.instructions.get(&at);
                        let decoded = instruction.and_then(|instruction| instruction.target());
                        if decoded != Some(target) {
                            return Err(format!("the call at {at:x} is not read as it is linked"));
                        }
                        direct_calls += 1;
                    }
                    _ => {
                        self.references.insert(at, target);
                    }
                }
            }
        }
        if direct_calls == 0 {
            return Err("no relocations: it was not linked with --emit-relocs".into());
        }
        Ok(())
    }

    /// The functions whose addresses are taken in these functions, and in the objects that they name.
    fn taken_in(&self, functions: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut pending: Vec<_> = functions.iter().map(|at| (*at, self.end(*at))).collect();
        let (mut taken, mut seen) = (BTreeSet::new(), BTreeSet::new());
        while let Some((start, end)) = pending.pop() {
            for target in self.references.range(start..end).map(|(_, target)| target) {
                if self.functions.contains_key(target) {
                    taken.insert(*target);
                } else if seen.insert(*target)
                    && let Some((start, len)) = self.objects.range(..=target).next_back()
                {
                    pending.push((*start, start + len));
                }
            }
        }
        taken
    }

    /// Follows the instructions of a function.
    fn frame(&self, entry: u32) -> Result<Frame, String> {
        let mut frame = Frame {
            bytes: 0,
            calls: Vec::new(),
            regions: BTreeSet::new(),
            returns: false,
        };
        let mut depths = BTreeMap::new();
        // An address, the bytes in use, and whether the condition of an IT block holds, where that is known.
        let mut pending = vec![(entry, 0_i64, None)];
        while let Some((at, depth, holds)) = pending.pop() {
            let here = || format!("{} at {at:x}", self.name(entry));
            if let Some(other) = depths.insert((at, holds), depth) {
                if other != depth {
                    return Err(format!("{}: {other} or {depth} bytes are in use", here()));
                }
                continue;
            }
            let instruction = self.instructions.get(&at);
            let instruction = instruction.ok_or_else(|| format!("{}: no instruction", here()))?;
            let region = self.region(at);
            frame.regions.insert(region);
            let next = at + instruction.len;
            let is_next_conditional = self
                .instructions
                .get(&next)
                .is_some_and(|instruction| instruction.condition.is_some());
            let mut go_on = |depth, holds: Option<bool>| {
                if self.region(next) != region {
                    return Err(format!("{}: it runs into another function", here()));
                }
                pending.push((next, depth, holds.filter(|_| is_next_conditional)));
                Ok(())
            };
            if let Some(condition) = instruction.condition {
                if holds.is_none_or(|holds| holds != condition) {
                    go_on(depth, Some(!condition))?;
                }
                if holds.is_some_and(|holds| holds != condition) {
                    continue;
                }
            }
            let effect = self
                .effect(at, instruction)
                .map_err(|error| format!("{}: {error}", here()))?;
            let after = depth + effect.change;
            let in_use =
                u32::try_from(after).map_err(|_| format!("{}: it pops too much", here()))?;
            frame.bytes = frame.bytes.max(in_use);
            frame.calls.extend(effect.call.map(|callee| Call {
                depth: in_use,
                callee,
            }));
            frame.returns |= effect.returns;
            if let Some(Some(callee)) = effect.call
                && self.region(next) != region
                && !self.frame(callee)?.returns
            {
                continue;
            }
            if effect.goes_on {
                let holds = instruction.condition.filter(|_| !instruction.compares());
                go_on(after, holds)?;
            }
            pending.extend(effect.jumps.iter().map(|target| (*target, after, None)));
        }
        Ok(frame)
    }

    fn effect(&self, at: u32, instruction: &Instruction) -> Result<Effect, String> {
        let Instruction {
            mnemonic, operands, ..
        } = instruction;
        let unknown = || format!("what \"{mnemonic} {operands}\" does is not known");
        let mnemonic = instruction.plain_mnemonic();
        let mut effect = Effect {
            goes_on: true,
            ..Effect::default()
        };
        match (mnemonic, operands.as_str()) {
            ("bl", _) => effect.call = Some(Some(instruction.target().ok_or_else(unknown)?)),
            ("blx", _) if instruction.target().is_none() => effect.call = Some(None),
            ("bx", "lr") => (effect.goes_on, effect.returns) = (false, true),
            // A tail call.
            ("bx", _) => {
                effect.call = Some(None);
                (effect.goes_on, effect.returns) = (false, true);
            }
            ("udf", _) => effect.goes_on = false,
            ("b", _) => {
                effect.jumps = vec![instruction.target().ok_or_else(unknown)?];
                effect.goes_on = false;
            }
            ("cbz" | "cbnz", _) => effect.jumps = vec![instruction.target().ok_or_else(unknown)?],
            ("tbb" | "tbh", _) => {
                effect.jumps = self.table(at + instruction.len, mnemonic)?;
                effect.goes_on = false;
            }
            _ if is_branch_on_condition(mnemonic) => {
                effect.jumps = vec![instruction.target().ok_or_else(unknown)?];
            }
            _ => {
                let Some((change, has_pc)) = instruction.change_of_stack().ok_or_else(unknown)?
                else {
                    return Ok(effect);
                };
                effect.change = change;
                (effect.goes_on, effect.returns) = (!has_pc, has_pc);
            }
        }
        Ok(effect)
    }

    /// The places that a table behind `TBB` or `TBH` leads to. `objdump` shows it as data.
    fn table(&self, at: u32, mnemonic: &str) -> Result<Vec<u32>, String> {
        let data = self.instructions.range(at..).map(|(_, data)| data);
        let data = data.take_while(|data| data.mnemonic.starts_with('.'));
        let mut bytes = Vec::new();
        for part in data.flat_map(|data| &data.code) {
            let value = hexadecimal(part)?;
            bytes.extend(value.to_le_bytes().iter().take(part.len() / 2));
        }
        let mut offsets: Vec<u32> = match mnemonic {
            "tbb" => bytes.iter().copied().map(u32::from).collect(),
            _ => bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|half| u16::from_le_bytes(*half).into())
                .collect(),
        };
        // Instructions begin at even addresses.
        if mnemonic == "tbb" && offsets.last() == Some(&0) {
            offsets.pop();
        }
        if offsets.is_empty() {
            return Err("it has no table".into());
        }
        Ok(offsets.iter().map(|offset| at + 2 * offset).collect())
    }

    /// The function that an instruction lies in.
    fn region(&self, at: u32) -> u32 {
        let before = self.functions.range(..=at).next_back();
        before.map_or(0, |(start, _)| *start)
    }

    /// Where the next function begins.
    fn end(&self, function: u32) -> u32 {
        let next = self.functions.range(function + 1..).next();
        next.map_or(u32::MAX, |(start, _)| *start)
    }

    fn name(&self, at: u32) -> String {
        let name = self.functions.get(&at).cloned();
        name.unwrap_or_else(|| format!("what is at {at:x}"))
    }
}

impl Instruction {
    /// Without the width, and without the condition that an `IT` gives.
    fn plain_mnemonic(&self) -> &str {
        let name = self.mnemonic.split('.').next().unwrap_or_default();
        let without = name.get(..name.len().saturating_sub(2));
        without
            .filter(|without| self.condition.is_some() && !without.is_empty())
            .unwrap_or(name)
    }

    /// Whether it may change what a condition says.
    fn compares(&self) -> bool {
        let mnemonic = self.plain_mnemonic();
        matches!(mnemonic, "cmp" | "cmn" | "tst" | "teq") || mnemonic.ends_with('s')
    }

    /// The address of a branch or call.
    fn target(&self) -> Option<u32> {
        let (target, _) = self.operands.split_once(" <")?;
        hexadecimal(target.rsplit(' ').next()?).ok()
    }

    /// If it moves the stack pointer: the bytes that it takes, and whether it returns. Nothing if how far it
    /// moves is not known.
    fn change_of_stack(&self) -> Option<Option<(i64, bool)>> {
        let mnemonic = self.plain_mnemonic();
        let operands = self.operands.split('@').next()?.trim();
        let first = operands.split(',').next()?.trim();
        // A list of registers, of four bytes each.
        let registers = || {
            let (_, list) = operands.split_once('{')?;
            let registers: Vec<_> = list.strip_suffix('}')?.split(", ").collect();
            let is_plain = registers.iter().all(|register| !register.contains('-'));
            is_plain.then(|| (4 * registers.len() as i64, registers.contains(&"pc")))
        };
        let immediate = || {
            let (_, number) = operands.rsplit_once('#')?;
            number.trim_end_matches(['!', ']']).parse::<i64>().ok()
        };
        Some(match (mnemonic, first) {
            ("push", _) | ("stmdb", "sp!") => Some((registers()?.0, false)),
            ("pop", _) | ("ldmia", "sp!") => {
                let (bytes, has_pc) = registers()?;
                Some((-bytes, has_pc))
            }
            ("sub" | "subw", "sp")
                if operands.matches(", ").count() == 1 || operands.starts_with("sp, sp, #") =>
            {
                Some((immediate()?, false))
            }
            ("add" | "addw", "sp")
                if operands.matches(", ").count() == 1 || operands.starts_with("sp, sp, #") =>
            {
                Some((-immediate()?, false))
            }
            ("str" | "strd", _) if operands.contains("[sp, #-") && operands.ends_with('!') => {
                Some((-immediate()?, false))
            }
            ("ldr" | "ldrd", _) if operands.contains("[sp], #") => {
                Some((-immediate()?, first == "pc"))
            }
            // These only read it, or write to where it points.
            ("cmp" | "cmn" | "tst" | "teq" | "stmia" | "stmdb" | "ldmia", "sp") => None,
            // Other instructions write what comes first, or write back an address.
            (_, "sp" | "sp!" | "pc") => return None,
            _ if operands.contains("[sp")
                && (operands.ends_with('!') || operands.contains("], ")) =>
            {
                return None;
            }
            _ if mnemonic.starts_with('v')
                || mnemonic.starts_with("msr")
                || mnemonic.starts_with("svc") =>
            {
                return None;
            }
            // Data.
            ("", _) => return None,
            _ => None,
        })
    }
}

/// The functions that are reached from one.
struct Graph<'p> {
    frames: &'p BTreeMap<u32, Frame>,
    /// What a call by a register may call.
    targets: &'p BTreeSet<u32>,
    program: &'p Program,
}

/// The calls to the deepest place, with the bytes that are in use at each.
type Calls = Vec<(u32, u32)>;

impl Graph<'_> {
    /// The bytes that a function takes with all that it calls. `callers` are those that lead to it.
    fn deepest(
        &self,
        function: u32,
        callers: &mut Vec<u32>,
        known: &mut BTreeMap<u32, (u32, Calls)>,
    ) -> Result<(u32, Calls), String> {
        if let Some(known) = known.get(&function) {
            return Ok(known.clone());
        }
        if callers.contains(&function) {
            let circle = callers.iter().skip_while(|caller| **caller != function);
            let mut names = String::new();
            for at in circle.chain(iter::once(&function)) {
                let _ = write!(names, "\n  {}", self.program.name(*at));
            }
            return Err(format!("a recursion:{names}"));
        }
        callers.push(function);
        let frame = &self.frames[&function];
        let mut deepest = (frame.bytes, vec![(function, frame.bytes)]);
        for call in &frame.calls {
            let callees: Vec<u32> = match call.callee {
                Some(callee) => vec![callee],
                None => self.targets.iter().copied().collect(),
            };
            for callee in callees {
                let (bytes, path) = self.deepest(callee, callers, known)?;
                if call.depth + bytes > deepest.0 {
                    let first = iter::once((function, call.depth));
                    deepest = (call.depth + bytes, first.chain(path).collect());
                }
            }
        }
        callers.pop();
        known.insert(function, deepest.clone());
        Ok(deepest)
    }
}

/// The word at an address.
fn word<'f>(section: &impl object::ObjectSection<'f>, at: u32) -> Result<u32, String> {
    let data = section.data().map_err(|error| error.to_string())?;
    let start = u64::from(at).checked_sub(section.address());
    let bytes = start.and_then(|start| data.get(start as usize..)?.first_chunk());
    let bytes = bytes.ok_or_else(|| format!("no word at {at:x}"))?;
    Ok(u32::from_le_bytes(*bytes))
}

fn hexadecimal(text: &str) -> Result<u32, String> {
    u32::from_str_radix(text.trim(), 16).map_err(|_| format!("{text} is no address"))
}

/// If it is an `IT`: which of the instructions after the next one depend on the same condition as that one.
fn if_then(mnemonic: &str) -> Option<impl Iterator<Item = bool>> {
    let others = mnemonic.strip_prefix("it")?;
    let is_if_then = others.len() < 4 && others.chars().all(|c| matches!(c, 't' | 'e'));
    is_if_then.then(|| others.chars().map(|c| c == 't'))
}

fn is_branch_on_condition(mnemonic: &str) -> bool {
    const CONDITIONS: [&str; 16] = [
        "eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt",
        "le",
    ];
    let condition = mnemonic.strip_prefix('b');
    condition.is_some_and(|condition| CONDITIONS.contains(&condition))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program of these functions, 16 bytes each, of instructions of 2 bytes. The last one named has its
    /// address taken in the first.
    fn program(functions: &[&[&str]]) -> Program {
        let mut listing = String::new();
        for (function, instructions) in (0..).zip(functions) {
            let _ = writeln!(listing, "{:08x} <f{function}>:", 16 * function);
            for (at, instruction) in (0..).zip(*instructions) {
                let (mnemonic, operands) = instruction.split_once(' ').unwrap();
                let at = 16 * function + 2 * at;
                let _ = writeln!(listing, "{at:8x}:\tbf00      \t{mnemonic}\t{operands}");
            }
        }
        let mut program = Program::of_listing(&listing).unwrap();
        let last = 16 * (functions.len() as u32 - 1);
        program.references.insert(0, last);
        program
    }

    fn bytes(functions: &[&[&str]]) -> Result<u32, String> {
        program(functions).bound(0).map(|bound| bound.bytes)
    }

    #[test]
    fn the_deepest_path_counts() {
        let leaf: &[&str] = &[
            "push {r4, lr}",
            "sub sp, #24",
            "add sp, #24",
            "pop {r4, pc}",
        ];
        let caller: &[&str] = &["push {r7, lr}", "bl 10 <f1>", "pop {r7, pc}"];
        assert_eq!(bytes(&[leaf]), Ok(32));
        assert_eq!(bytes(&[caller, leaf]), Ok(40));
        // A tail call gives the stack back first.
        let tail: &[&str] = &["push {r7, lr}", "ldmia.w sp!, {r7, lr}", "b.w 10 <f1>"];
        assert_eq!(bytes(&[tail, leaf]), Ok(32));
        // A return on a condition, in an IT block.
        let early: &[&str] = &[
            "push {r4, lr}",
            "it eq",
            "popeq {r4, pc}",
            "sub sp, #8",
            "add sp, #8",
            "pop {r4, pc}",
        ];
        assert_eq!(bytes(&[early]), Ok(16));
        // A call that does not return, at the end of its function.
        let end: &[&str] = &["push {r7, lr}", "b.n 12 <f1+0x2>"];
        let mut caller = ["movs r0, #0"; 8];
        (caller[0], caller[7]) = ("push {r7, lr}", "bl 10 <f1>");
        assert_eq!(bytes(&[&caller, end]), Ok(16));
        // A tail call on a condition.
        let tail: &[&str] = &[
            "push {r7, lr}",
            "itt ne",
            "popne {r7, lr}",
            "bne.w 10 <f1>",
            "pop {r7, pc}",
        ];
        assert_eq!(bytes(&[tail, leaf]), Ok(32));
    }

    #[test]
    fn a_call_by_a_register_calls_what_has_its_address_taken() {
        let caller: &[&str] = &["push {r7, lr}", "blx r4", "pop {r7, pc}"];
        let taken: &[&str] = &["push {r4, r5, r6, lr}", "pop {r4, r5, r6, pc}"];
        let bound = program(&[caller, taken]).bound(0).unwrap();
        assert_eq!(bound.bytes, 24);
        assert_eq!(bound.targets, BTreeSet::from(["f1".into()]));
        let mut none = program(&[caller, taken]);
        none.references.clear();
        assert!(none.bound(0).is_err());
    }

    #[test]
    fn what_has_no_bound_is_an_error() {
        for functions in [
            &[&["push {r7, lr}", "bl 0 <f0>", "pop {r7, pc}"][..]][..],
            // By a register: the function's own address is taken.
            &[&["push {r7, lr}", "blx r4", "pop {r7, pc}"]],
            // A loop that pushes.
            &[&["push {r7, lr}", "b.n 0 <f0>"]],
            &[&["mov sp, r7", "bx lr"]],
            &[&["sub.w sp, sp, r0", "bx lr"]],
            &[&["it eq", "pusheq {r4, lr}", "bx lr"]],
            &[&[
                "push {r4, lr}",
                "itt eq",
                "cmpeq r0, #1",
                "popeq {r4, lr}",
                "pop {r4, pc}",
            ]],
            &[&["ldr.w pc, [r0]", "bx lr"]],
            &[&["str.w r0, [sp, r1]!", "bx lr"]],
            // It does not return, and calls what does.
            &[&["push {r7, lr}"], &["bx lr"]],
            &[&["push {r7, lr}", "bl 10 <f1>"], &["bx lr"]],
            &[&["pop {r7, lr}", "bx lr"]],
        ] {
            assert!(bytes(functions).is_err(), "{functions:?}");
        }
    }
}
