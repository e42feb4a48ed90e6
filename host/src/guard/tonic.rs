//! The guard in gRPC services of tonic.

use futures_util::FutureExt as _;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Code, Request, Status};

use super::Guard;
use super::bearer::only;
use super::refusal::{Refusal, RefusalReason};

/// Checks the requests of a tonic service, and gives it the [`Claims`](super::Claims) as an extension of the
/// request.
///
/// An interceptor cannot wait: a request whose key has to be fetched is `UNAVAILABLE`, and the fetch starts.
/// [`Guard::layer`] waits instead. It does for a whole server what this does for one service.
#[derive(Clone, Debug)]
pub struct GuardInterceptor(Guard);

impl Guard {
    /// The guard as an interceptor.
    #[must_use]
    pub fn interceptor(&self) -> GuardInterceptor {
        GuardInterceptor(self.clone())
    }
}

impl Interceptor for GuardInterceptor {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let guard = &self.0;
        let headers = request.metadata().get_all("authorization").iter();
        let claims = only(headers.map(|header| header.to_str().ok()))
            .map_err(|reason| guard.refuse(reason))
            .and_then(|header| {
                let verdict = guard.check(header).now_or_never();
                verdict.unwrap_or_else(|| Err(guard.refuse(RefusalReason::Unavailable(None))))
            })?;
        request.extensions_mut().insert(claims);
        Ok(request)
    }
}

/// With [`Refusal::grpc_code`], the challenge as `www-authenticate`, and the wait as `grpc-retry-pushback-ms`.
impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let mut metadata = MetadataMap::new();
        let challenge = refusal.challenge().map(MetadataValue::try_from);
        if let Some(Ok(challenge)) = challenge {
            metadata.insert("www-authenticate", challenge);
        }
        if let Some(wait) = refusal.retry_after() {
            let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            metadata.insert("grpc-retry-pushback-ms", milliseconds.into());
        }
        Self::with_metadata(
            Code::from_i32(refusal.grpc_code()),
            refusal.error(),
            metadata,
        )
    }
}
