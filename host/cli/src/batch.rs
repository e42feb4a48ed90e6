//! Many tokens on all cores: their verdicts in order, as soon as they are there, in bounded memory.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::panic::resume_unwind;
use std::pin::pin;
use std::task::Poll;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::lines::Lines;
use crate::summary::Summary;

/// What is to be written about a token.
pub(crate) struct Judged {
    /// Whole lines.
    pub(crate) text: String,
    /// The code, if the token is rejected.
    pub(crate) rejection: Option<&'static str>,
}

/// Gives verdicts on lines.
pub(crate) trait Judge: Clone + Send + 'static {
    /// The verdict on a line.
    fn judge(&self, line: Vec<u8>) -> impl Future<Output = Judged> + Send;

    /// The verdicts on some of these lines, without waiting, if that is faster for many lines than for each; or
    /// nothing.
    fn judge_together(&self, lines: &[Vec<u8>]) -> Vec<Option<Judged>> {
        lines.iter().map(|_| None).collect()
    }
}

/// Judges each line of the input, and writes what comes of it in the order of the lines.
///
/// A thread reads. It takes together what lines are there, so that slow input is judged line by line, and
/// fast input costs no switch of threads for each line. Each such block is a task of the runtime. No more than
/// a few blocks wait at a time: a slow output stops the reading.
pub(crate) async fn judge_lines(
    input: impl Read + Send + 'static,
    output: &mut impl Write,
    judge: impl Judge + Sync,
) -> Result<Summary, Failure> {
    let runtime = Handle::current();
    let (queue, mut blocks) = mpsc::channel(queue_len(&runtime));
    // Not one of the runtime's threads: the program may end while it waits for input.
    let reader = thread::spawn(move || -> io::Result<()> {
        let mut lines = Lines::new(input);
        while let Some(lines) = lines.next_block(MAX_BLOCK_LINES)? {
            let (sender, texts) = mpsc::channel(1);
            let summary = runtime.spawn(judge_block(lines, judge.clone(), sender));
            if queue.blocking_send(Block { texts, summary }).is_err() {
                break;
            }
        }
        Ok(())
    });
    let mut summary = Summary::default();
    while let Some(mut block) = blocks.recv().await {
        while let Some(text) = block.texts.recv().await {
            output
                .write_all(text.as_bytes())
                .and_then(|()| output.flush())
                .map_err(Failure::Output)?;
        }
        match block.summary.await {
            Ok(part) => summary.add(part),
            // Without this, verdicts could be missing and nobody would know.
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
    match reader.join() {
        Ok(read) => read.map_err(Failure::Input)?,
        Err(panic) => resume_unwind(panic),
    }
    Ok(summary)
}

/// The most lines of a block: their verdicts take memory even if the lines are short.
const MAX_BLOCK_LINES: usize = 128;

/// How many blocks wait: enough that no core does.
fn queue_len(runtime: &Handle) -> usize {
    2 * runtime.metrics().num_workers()
}

/// Lines that are judged together.
struct Block {
    texts: mpsc::Receiver<String>,
    summary: JoinHandle<Summary>,
}

async fn judge_block(
    lines: Vec<Vec<u8>>,
    judge: impl Judge,
    texts: mpsc::Sender<String>,
) -> Summary {
    let mut summary = Summary::default();
    let mut text = String::new();
    let together = judge.judge_together(&lines);
    for (line, judged) in lines.into_iter().zip(together) {
        let judged = match judged {
            Some(judged) => judged,
            None => match judge_alone(&judge, line, &mut text, &texts).await {
                Some(judged) => judged,
                None => break,
            },
        };
        text += &judged.text;
        summary.count(judged.rejection);
    }
    // If nobody receives it, nothing can be written any more.
    let _ = texts.send(text).await;
    summary
}

/// Judges a line. If that has to wait for a key set, the verdicts before it do not. `None` if nobody receives them.
async fn judge_alone(
    judge: &impl Judge,
    line: Vec<u8>,
    before: &mut String,
    texts: &mpsc::Sender<String>,
) -> Option<Judged> {
    let mut judged = pin!(judge.judge(line));
    let at_once = poll_fn(|context| Poll::Ready(judged.as_mut().poll(context))).await;
    if let Poll::Ready(judged) = at_once {
        return Some(judged);
    }
    if !before.is_empty() {
        texts.send(std::mem::take(before)).await.ok()?;
    }
    Some(judged.await)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use tokio::time::timeout;

    use super::*;
    use crate::lines::READ_LEN;

    impl<J, F> Judge for J
    where
        J: Fn(Vec<u8>) -> F + Clone + Send + 'static,
        F: Future<Output = Judged> + Send,
    {
        fn judge(&self, line: Vec<u8>) -> impl Future<Output = Judged> + Send {
            self(line)
        }
    }

    /// Gives lines of one number each, as many as fit at a time, and counts them.
    struct Numbers {
        next: usize,
        end: usize,
        read: Arc<AtomicUsize>,
    }

    impl Numbers {
        const LINE_LEN: usize = 16;

        fn to(end: usize) -> (Self, Arc<AtomicUsize>) {
            let read = Arc::<AtomicUsize>::default();
            let numbers = Self {
                next: 0,
                end,
                read: read.clone(),
            };
            (numbers, read)
        }

        /// How many of them are read and not written at most.
        fn most() -> usize {
            // The blocks in the queue, the one that is written, and the one that the reader holds.
            let blocks = queue_len(&Handle::current()) + 2;
            blocks * MAX_BLOCK_LINES + READ_LEN / Self::LINE_LEN
        }
    }

    impl Read for Numbers {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = (buffer.len() / Self::LINE_LEN).min(self.end - self.next);
            for line in buffer.chunks_exact_mut(Self::LINE_LEN).take(count) {
                line.copy_from_slice(format!("{:>15}\n", self.next).as_bytes());
                self.next += 1;
            }
            self.read.fetch_add(count, Ordering::SeqCst);
            Ok(count * Self::LINE_LEN)
        }
    }

    /// Rejects every third number, as another code than its neighbour's.
    fn of_number(line: Vec<u8>) -> Judged {
        let number: usize = String::from_utf8(line).unwrap().parse().unwrap();
        Judged {
            text: format!("<{number}>\n"),
            rejection: number.is_multiple_of(3).then_some("third"),
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn order_is_kept_whichever_line_is_done_first() {
        const COUNT: usize = 10_000;
        let input: String = (0..COUNT).map(|number| format!("{number}\n")).collect();
        let judge = async |line: Vec<u8>| {
            let judged = of_number(line);
            // Some blocks take longer than those after them, and some lines wait.
            for _ in 0..judged.text.len() % 3 * judged.text.len() {
                tokio::task::yield_now().await;
            }
            judged
        };
        let mut output = Vec::new();
        let input = io::Cursor::new(input);
        let done = judge_lines(input, &mut output, judge).await;
        let summary = done.unwrap();
        let expected: String = (0..COUNT).map(|number| format!("<{number}>\n")).collect();
        assert!(output == expected.as_bytes());
        let rejected = COUNT.div_ceil(3) as u64;
        assert_eq!(
            (summary.tokens(), summary.rejected()),
            (COUNT as u64, rejected)
        );
    }

    /// Checks at each write how many lines have been read and not been written.
    struct Watched {
        read: Arc<AtomicUsize>,
        written: usize,
        most: usize,
    }

    impl Write for Watched {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            // A reader that is ahead without bound shows it here.
            thread::yield_now();
            let waiting = self.read.load(Ordering::SeqCst) - self.written;
            self.most = self.most.max(waiting);
            self.written += text.iter().filter(|byte| **byte == b'\n').count();
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_huge_input_does_not_pile_up() {
        const COUNT: usize = 100_000;
        let (input, read) = Numbers::to(COUNT);
        let mut output = Watched {
            read,
            written: 0,
            most: 0,
        };
        let judge = |line| std::future::ready(of_number(line));
        let summary = judge_lines(input, &mut output, judge).await.unwrap();
        assert_eq!((summary.tokens(), output.written), (COUNT as u64, COUNT));
        assert!(Numbers::most() < COUNT / 2);
        assert!(output.most <= Numbers::most(), "{}", output.most);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_is_read_ahead_while_the_first_line_waits() {
        let (input, read) = Numbers::to(usize::MAX);
        let never = Arc::new(Semaphore::new(0));
        let judge = move |line| {
            let never = never.clone();
            async move {
                let _permit = never.acquire().await;
                of_number(line)
            }
        };
        let mut output = Vec::new();
        let all = judge_lines(input, &mut output, judge);
        assert!(timeout(Duration::from_millis(300), all).await.is_err());
        let read = read.load(Ordering::SeqCst);
        assert!(0 < read && read <= Numbers::most(), "{read}");
    }

    #[tokio::test]
    async fn verdicts_do_not_wait_for_a_later_line_of_their_block() {
        let go = Arc::new(Semaphore::new(0));
        let judge = {
            let go = go.clone();
            move |line: Vec<u8>| {
                let go = go.clone();
                async move {
                    if line == b"1" {
                        let _permit = go.acquire().await;
                    }
                    of_number(line)
                }
            }
        };
        let lines = ["0", "1", "2"].map(|line| line.as_bytes().to_vec());
        let (sender, mut texts) = mpsc::channel(1);
        let block = tokio::spawn(judge_block(lines.to_vec(), judge, sender));
        let first = timeout(Duration::from_secs(30), texts.recv()).await;
        assert_eq!(first.expect("no wait for the next line").unwrap(), "<0>\n");
        go.add_permits(1);
        assert_eq!(texts.recv().await.unwrap(), "<1>\n<2>\n");
        assert_eq!(block.await.unwrap().tokens(), 3);
    }

    #[tokio::test]
    async fn a_failure_to_read_comes_after_the_verdicts_before_it() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let input = (&b"0\n1\n2"[..]).chain(Broken);
        let mut output = Vec::new();
        let judge = |line| std::future::ready(of_number(line));
        let failure = judge_lines(input, &mut output, judge).await.err().unwrap();
        assert!(matches!(failure, Failure::Input(_)));
        assert_eq!(output, b"<0>\n<1>\n");
    }

    #[tokio::test]
    async fn an_output_that_is_gone_ends_an_endless_input() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let judge = |_| {
            std::future::ready(Judged {
                text: "verdict\n".into(),
                rejection: None,
            })
        };
        let (input, _) = Numbers::to(usize::MAX);
        let failure = judge_lines(input, &mut Gone, judge).await.err().unwrap();
        assert!(matches!(failure, Failure::Output(_)));
    }

    #[tokio::test]
    #[should_panic(expected = "this line")]
    async fn a_panic_is_no_missing_verdict() {
        let judge = |_: Vec<u8>| async { panic!("this line") };
        let _ = judge_lines(&b"0\n"[..], &mut Vec::new(), judge).await;
    }
}
