package hpod;

import com.google.protobuf.FieldMask;
import hpo.v1.Assignment;
import hpo.v1.EnqueueTrialRequest;
import hpo.v1.GetStudyRequest;
import hpo.v1.GetTrialRequest;
import hpo.v1.ListBestTrialsRequest;
import hpo.v1.ListTrialsRequest;
import hpo.v1.StopStudyRequest;
import hpo.v1.StudyServiceGrpc;
import hpo.v1.SuggestTrialsRequest;
import hpo.v1.TrialServiceGrpc;
import hpo.v1.TrialState;
import hpo.v1.UpdateStudyRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** A handle of a study. Safe to use from several threads. */
public final class Study {
  private static final int PAGE = 1000;

  /** Between questions whether a place has become free. */
  private static final Duration MAX_WAIT = Duration.ofSeconds(2);

  private final Client client;
  private final String name;
  private final String worker;

  Study(Client client, String name) {
    this(client, name, defaultWorker());
  }

  private Study(Client client, String name, String worker) {
    this.client = client;
    this.name = name;
    this.worker = worker;
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** The same with another name of this worker, which people see. Without: HOSTNAME, process id. */
  public Study withWorker(String other) {
    return new Study(client, name, other);
  }

  /** A trial to run, or why there is none now. */
  public Suggestion suggest() {
    var request =
        SuggestTrialsRequest.newBuilder().setStudy(name).setCount(1).setWorker(worker).build();
    var reply = client.call(TrialServiceGrpc.getSuggestTrialsMethod(), request);
    Optional<Trial> trial =
        reply.getTrialsList().stream().findFirst().map(message -> new Trial(client, name, message));
    return new Suggestion(trial, reply.getStopReason(), reply.getFinal());
  }

  /** A trial to run. Waits while a place may become free; empty once no trial will come. */
  public Optional<Trial> nextTrial() {
    for (int waits = 0; ; waits++) {
      Suggestion suggestion = suggest();
      if (suggestion.trial().isPresent() || suggestion.isFinal()) return suggestion.trial();
      Duration pause = Retry.pause(waits, ThreadLocalRandom.current().nextDouble());
      Retry.sleep(pause.compareTo(MAX_WAIT) < 0 ? pause : MAX_WAIT);
    }
  }

  /** The results of {@link #nextTrial}, one after the other, for a loop over all that this worker gets. */
  public Iterable<Trial> trialsToRun() {
    return NextTrials::new;
  }

  /** The study as it is now: counts, budget, attributes. */
  public hpo.v1.Study get() {
    var request = GetStudyRequest.newBuilder().setStudy(name).build();
    return client.call(StudyServiceGrpc.getGetStudyMethod(), request).getStudy();
  }

  /** The best trial of one objective, or the Pareto front of several; empty before one is complete. */
  public List<hpo.v1.Trial> bestTrials() {
    var request = ListBestTrialsRequest.newBuilder().setStudy(name);
    List<hpo.v1.Trial> trials = new ArrayList<>();
    while (true) {
      var reply = client.call(StudyServiceGrpc.getListBestTrialsMethod(), request.build());
      trials.addAll(reply.getTrialsList());
      request.setPageToken(reply.getNextPageToken());
      // With one objective the pages after the first hold the trials that are not the best.
      if (request.getPageToken().isEmpty() || trials.size() == 1) return trials;
    }
  }

  /** The trials in one of these states, by number; without states: all. */
  public List<hpo.v1.Trial> trials(TrialState... states) {
    var request = ListTrialsRequest.newBuilder().setStudy(name).setPageSize(PAGE);
    request.addAllStates(List.of(states));
    List<hpo.v1.Trial> trials = new ArrayList<>();
    do {
      var reply = client.call(TrialServiceGrpc.getListTrialsMethod(), request.build());
      trials.addAll(reply.getTrialsList());
      request.setPageToken(reply.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    return trials;
  }

  /**
   * One trial.
   *
   * @throws HpodException TRIAL_NOT_FOUND: there is none of that number
   */
  public hpo.v1.Trial trial(long number) {
    var request = GetTrialRequest.newBuilder().setStudy(name).setNumber(number).build();
    return client.call(TrialServiceGrpc.getGetTrialMethod(), request).getTrial();
  }

  /** As {@link #enqueue(Map, Map, boolean)}, without attributes and whatever there is. */
  public long enqueue(Map<String, ?> params) {
    return enqueue(params, Map.of(), false);
  }

  /**
   * Lets the next worker try these parameters, any part of the space.
   *
   * @param userAttributes as JSON text
   * @param skipIfExists if a trial of any state but FAIL has, or fixes, exactly these parameters, make
   *     none
   * @return the number of the waiting trial, or of the one that was there
   */
  public long enqueue(
      Map<String, ?> params, Map<String, String> userAttributes, boolean skipIfExists) {
    var request =
        EnqueueTrialRequest.newBuilder()
            .setStudy(name)
            .putAllUserAttributes(userAttributes)
            .setSkipIfExists(skipIfExists);
    params.forEach(
        (param, value) ->
            request.addParams(
                Assignment.newBuilder().setName(param).setValue(Values.toMessage(value))));
    return client.call(TrialServiceGrpc.getEnqueueTrialMethod(), request.build()).getNumber();
  }

  /** Sets attributes of the study, as JSON text; an empty text removes. */
  public void setAttributes(Map<String, String> userAttributes) {
    update("user_attributes", hpo.v1.Study.newBuilder().putAllUserAttributes(userAttributes));
  }

  /** Hands out no further trial to anybody; running ones may finish. */
  public void stop() {
    var request = StopStudyRequest.newBuilder().setStudy(name).build();
    client.call(StudyServiceGrpc.getStopStudyMethod(), request);
  }

  /** Hands out trials again. */
  public void resume() {
    update("stopped", hpo.v1.Study.newBuilder());
  }

  private void update(String field, hpo.v1.Study.Builder update) {
    var request =
        UpdateStudyRequest.newBuilder()
            .setStudy(name)
            .setUpdate(update)
            .setUpdateMask(FieldMask.newBuilder().addPaths(field));
    client.call(StudyServiceGrpc.getUpdateStudyMethod(), request.build());
  }

  private static String defaultWorker() {
    String host = Optional.ofNullable(System.getenv("HOSTNAME")).orElse("java");
    return host + ":" + ProcessHandle.current().pid();
  }

  private final class NextTrials implements Iterator<Trial> {
    private Optional<Trial> next = Optional.empty();

    @Override
    public boolean hasNext() {
      if (next.isEmpty()) next = nextTrial();
      return next.isPresent();
    }

    @Override
    public Trial next() {
      if (!hasNext()) throw new NoSuchElementException("the study hands out no further trial");
      Trial trial = next.get();
      next = Optional.empty();
      return trial;
    }
  }
}
