//! The guard as a layer of tower, for the services of axum, tonic, hyper and others.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::Guard;
use super::claims::Claims;
use super::refusal::{Refusal, RefusalReason};

/// Guards a service: responds by itself to a request that is not allowed, and gives the [`Claims`] of one that
/// is allowed to the service, as an extension of the request.
///
/// It reads the `Authorization` header alone, never a cookie or the query.
#[derive(Clone, Debug)]
pub struct GuardLayer {
    guard: Guard,
    is_optional: bool,
}

impl Guard {
    /// The guard as a layer.
    #[must_use]
    pub fn layer(&self) -> GuardLayer {
        GuardLayer {
            guard: self.clone(),
            is_optional: false,
        }
    }
}

impl GuardLayer {
    /// Lets a request without credentials pass, without [`Claims`]. One with a bad token is still refused.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, service: S) -> GuardService<S> {
        GuardService {
            layer: self.clone(),
            service,
        }
    }
}

/// A service behind a [`GuardLayer`].
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    layer: GuardLayer,
    service: S,
}

impl<S, B, R> Service<Request<B>> for GuardService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = GuardFuture<S::Future, R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // What came from elsewhere is not what this guard has checked.
        request.extensions_mut().remove::<Claims>();
        let guard = &self.layer.guard;
        let verdict = match authorization(request.headers()) {
            Ok(None) if self.layer.is_optional => {
                return GuardFuture::passed(self.service.call(request));
            }
            Ok(authorization) => guard.check_cached(authorization),
            Err(reason) => Some(Err(guard.refuse(reason))),
        };
        match verdict {
            Some(Ok(claims)) => {
                request.extensions_mut().insert(claims);
                GuardFuture::passed(self.service.call(request))
            }
            Some(Err(refusal)) => GuardFuture::refused(refusal),
            None => {
                let guard = guard.clone();
                // The clone that is ready is the one to call.
                let next = self.service.clone();
                let mut service = std::mem::replace(&mut self.service, next);
                GuardFuture::waiting(Box::pin(async move {
                    let header = authorization(request.headers()).unwrap_or_default();
                    let claims = guard.check(header).await;
                    claims.map(|claims| {
                        request.extensions_mut().insert(claims);
                        service.call(request)
                    })
                }))
            }
        }
    }
}

/// The only `Authorization` header, if there is one.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, RefusalReason> {
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    match (headers.next(), headers.next()) {
        (None, _) => Ok(None),
        (Some(header), None) => {
            let header = header.to_str();
            header.map(Some).map_err(|_| RefusalReason::InvalidRequest)
        }
        (Some(_), Some(_)) => Err(RefusalReason::InvalidRequest),
    }
}

impl Refusal {
    /// The response, with an empty body.
    #[must_use]
    pub(super) fn to_response<R: Default>(&self) -> Response<R> {
        let mut response = Response::new(R::default());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        let challenge = self.challenge();
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after() {
            headers.insert(RETRY_AFTER, wait.as_secs().into());
        }
        response
    }
}

/// A service's future, once the token is verified.
type Waiting<F> = Pin<Box<dyn Future<Output = Result<F, Refusal>> + Send>>;

pin_project! {
    /// The response of a [`GuardService`].
    #[project = Projection]
    pub struct GuardFuture<F, R, E> {
        // Boxed only while the token's key is fetched.
        waiting: Option<Waiting<F>>,
        refusal: Option<Refusal>,
        #[pin]
        passed: Option<F>,
        response: std::marker::PhantomData<fn() -> Result<R, E>>,
    }
}

impl<F, R, E> GuardFuture<F, R, E> {
    fn new(waiting: Option<Waiting<F>>, refusal: Option<Refusal>, passed: Option<F>) -> Self {
        Self {
            waiting,
            refusal,
            passed,
            response: std::marker::PhantomData,
        }
    }

    fn waiting(waiting: Waiting<F>) -> Self {
        Self::new(Some(waiting), None, None)
    }

    fn refused(refusal: Refusal) -> Self {
        Self::new(None, Some(refusal), None)
    }

    fn passed(future: F) -> Self {
        Self::new(None, None, Some(future))
    }
}

impl<F, R, E> Future for GuardFuture<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(waiting) = this.waiting {
            match waiting.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(future)) => this.passed.set(Some(future)),
                Poll::Ready(Err(refusal)) => *this.refusal = Some(refusal),
            }
            *this.waiting = None;
        }
        if let Some(refusal) = this.refusal {
            return Poll::Ready(Ok(refusal.to_response()));
        }
        match this.passed.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Pending,
        }
    }
}
