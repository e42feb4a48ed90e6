//! The guard in services of actix-web.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use serde::de::DeserializeOwned;
use tracing::error;

use super::Guard;
use super::bearer::only;
use super::claims::{Claims, ClaimsAs};
use super::refusal::Refusal;

/// Guards a service: responds by itself to a request that is not allowed, and gives the [`Claims`] of one that
/// is allowed to the service, as an extension of the request.
///
/// It reads the `Authorization` header alone, never a cookie or the query.
#[derive(Clone, Debug)]
pub struct GuardMiddleware {
    guard: Guard,
    is_optional: bool,
}

impl Guard {
    /// The guard as a middleware of actix-web.
    #[must_use]
    pub fn middleware(&self) -> GuardMiddleware {
        GuardMiddleware {
            guard: self.clone(),
            is_optional: false,
        }
    }
}

impl GuardMiddleware {
    /// Lets a request without an `Authorization` header pass, without [`Claims`]. One with a bad token, or with
    /// credentials of another scheme, is still refused.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    async fn check(&self, request: &ServiceRequest) -> Result<Option<Claims>, Refusal> {
        // What came from elsewhere is not what this guard has checked.
        request.extensions_mut().remove::<Claims>();
        let headers = request.headers().get_all(AUTHORIZATION);
        match only(headers.map(|header| header.to_str().ok())) {
            Ok(None) if self.is_optional => Ok(None),
            Ok(authorization) => self.guard.check(authorization).await.map(Some),
            Err(reason) => Err(self.guard.refuse(reason)),
        }
    }
}

impl<S, B> Transform<S, ServiceRequest> for GuardMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type InitError = ();
    type Transform = GuardedService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(GuardedService {
            middleware: self.clone(),
            service: Rc::new(service),
        }))
    }
}

/// A service behind a [`GuardMiddleware`].
#[derive(Debug)]
pub struct GuardedService<S> {
    middleware: GuardMiddleware,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for GuardedService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let middleware = self.middleware.clone();
        let service = Rc::clone(&self.service);
        Box::pin(async move {
            match middleware.check(&request).await {
                Ok(claims) => {
                    if let Some(claims) = claims {
                        request.extensions_mut().insert(claims);
                    }
                    let response = service.call(request).await?;
                    Ok(response.map_into_left_body())
                }
                Err(refusal) => {
                    let response = request.into_response(refusal.error_response());
                    Ok(response.map_into_right_body())
                }
            }
        })
    }
}

/// The request must have come through a [`GuardMiddleware`]; without one, the response is an internal error, and
/// so it is for a request without credentials behind an [`optional`](GuardMiddleware::optional) one: its
/// handlers take `Option<Claims>`.
impl FromRequest for Claims {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(claims(request))
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for ClaimsAs<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(claims(request).and_then(|claims| Ok(Self::of(&claims)?)))
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        let status = StatusCode::from_u16(self.status().as_u16());
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// With an empty body.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(challenge) = self.challenge() {
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        if let Some(wait) = self.retry_after() {
            response.insert_header((RETRY_AFTER, wait.as_secs()));
        }
        response.finish()
    }
}

fn claims(request: &HttpRequest) -> Result<Claims, Error> {
    request.extensions().get().cloned().ok_or_else(|| {
        error!("a handler takes claims, and no guard has checked the request");
        ErrorInternalServerError("")
    })
}
