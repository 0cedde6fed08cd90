//! The calls of the protocol, by the type of their request.

use std::future::Future;

use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::proto::*;
use catalog_service_client::CatalogServiceClient;
use study_service_client::StudyServiceClient;
use trial_service_client::TrialServiceClient;

/// A request of the protocol that has one reply. All of them have this; see [`crate::Client::call`].
pub trait Call: Clone + Send + Sync {
    /// The reply's type.
    type Reply: Send;

    /// Gives the request an id, if it takes one.
    #[doc(hidden)]
    fn identify(&mut self, _request_id: String) {}

    #[doc(hidden)]
    fn send(
        request: Request<Self>,
        channel: Channel,
    ) -> impl Future<Output = Result<Response<Self::Reply>, Status>> + Send;
}

macro_rules! calls {
    ($($stub:ident.$method:ident($request:ident) -> $reply:ident $(, $id:ident)?;)*) => {$(
        impl Call for $request {
            type Reply = $reply;

            $(fn identify(&mut self, $id: String) {
                self.$id = $id;
            })?

            async fn send(request: Request<Self>, channel: Channel) -> Result<Response<$reply>, Status> {
                // A trial may hold any number of reports.
                let mut stub = $stub::new(channel).max_decoding_message_size(usize::MAX);
                stub.$method(request).await
            }
        }
    )*};
}

calls! {
    CatalogServiceClient.list_pruners(ListPrunersRequest) -> ListPrunersResponse;
    CatalogServiceClient.list_samplers(ListSamplersRequest) -> ListSamplersResponse;
    StudyServiceClient.create_study(CreateStudyRequest) -> CreateStudyResponse, request_id;
    StudyServiceClient.delete_study(DeleteStudyRequest) -> DeleteStudyResponse, request_id;
    StudyServiceClient.get_study(GetStudyRequest) -> GetStudyResponse;
    StudyServiceClient.list_best_trials(ListBestTrialsRequest) -> ListBestTrialsResponse;
    StudyServiceClient.list_improvements(ListImprovementsRequest) -> ListImprovementsResponse;
    StudyServiceClient.list_studies(ListStudiesRequest) -> ListStudiesResponse;
    StudyServiceClient.stop_study(StopStudyRequest) -> StopStudyResponse, request_id;
    StudyServiceClient.update_study(UpdateStudyRequest) -> UpdateStudyResponse, request_id;
    TrialServiceClient.add_trials(AddTrialsRequest) -> AddTrialsResponse, request_id;
    TrialServiceClient.complete_trial(CompleteTrialRequest) -> CompleteTrialResponse, request_id;
    TrialServiceClient.enqueue_trial(EnqueueTrialRequest) -> EnqueueTrialResponse, request_id;
    TrialServiceClient.get_trial(GetTrialRequest) -> GetTrialResponse;
    TrialServiceClient.heartbeat_trial(HeartbeatTrialRequest) -> HeartbeatTrialResponse;
    TrialServiceClient.list_trials(ListTrialsRequest) -> ListTrialsResponse;
    TrialServiceClient.report_value(ReportValueRequest) -> ReportValueResponse, request_id;
    TrialServiceClient.set_trial_attributes(SetTrialAttributesRequest) -> SetTrialAttributesResponse, request_id;
    TrialServiceClient.suggest_parameter(SuggestParameterRequest) -> SuggestParameterResponse, request_id;
    TrialServiceClient.suggest_trials(SuggestTrialsRequest) -> SuggestTrialsResponse, request_id;
}
