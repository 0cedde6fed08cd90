package hpod;

import com.google.protobuf.Message;
import hpo.v1.CompleteTrialRequest;
import hpo.v1.ReportValueRequest;
import hpo.v1.SetTrialAttributesRequest;
import hpo.v1.SuggestParameterRequest;
import hpo.v1.TrialServiceGrpc;
import hpo.v1.TrialState;
import io.grpc.MethodDescriptor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * A trial to work on, whose lease is renewed in the background until the trial is finished or closed.
 * A trial that is closed before it is finished is given up when its lease has run out, and its
 * parameters are tried again.
 *
 * <p>Every call may throw {@link LeaseLostException}. One thread at a time may use a trial.
 */
public final class Trial implements AutoCloseable {
  private final Client client;
  private final String study;
  private final hpo.v1.Trial message;
  private final LeaseKeeper.Lease lease;
  private final Map<String, Object> params = new LinkedHashMap<>();

  Trial(Client client, String study, hpo.v1.Trial message) {
    this.client = client;
    this.study = study;
    this.message = message;
    lease = client.leases().hold(study, message.getNumber(), message.getLease());
    message.getParamsList().forEach(p -> params.put(p.getName(), Values.fromMessage(p.getValue())));
  }

  /** 0, 1, 2, ... in the study. */
  public long number() {
    return message.getNumber();
  }

  /** The parameters known so far (see {@link Values}), in the order of the space: with declared ones, all. */
  public Map<String, Object> params() {
    return Collections.unmodifiableMap(params);
  }

  /** The number of the lost trial that this one repeats. */
  public OptionalLong retryOf() {
    return message.hasRetryOf() ? OptionalLong.of(message.getRetryOf()) : OptionalLong.empty();
  }

  /** The attributes that an enqueued trial brought along, as JSON text. */
  public Map<String, String> userAttributes() {
    return message.getUserAttributesMap();
  }

  /**
   * The value of a parameter that is a number.
   *
   * @throws HpodException INVALID_ARGUMENT: the trial has no such parameter, or it is of another kind
   */
  public double getDouble(String name) {
    return get(name, Number.class).doubleValue();
  }

  /** The value of a whole number; throws as {@link #getDouble}. */
  public long getLong(String name) {
    return get(name, Long.class);
  }

  /** The value of a choice that is a text; throws as {@link #getDouble}. */
  public String getString(String name) {
    return get(name, String.class);
  }

  /** The value of a choice that is a truth value; throws as {@link #getDouble}. */
  public boolean getBoolean(String name) {
    return get(name, Boolean.class);
  }

  /**
   * The value of one more parameter, in a study without declared ones; a {@link Domain#ofFloat} gives
   * a double. Asked again: the first value.
   */
  public double suggest(String name, Domain.OfFloat domain) {
    return (Double) suggestValue(name, domain);
  }

  /** As for a double. */
  public long suggest(String name, Domain.OfInt domain) {
    return (Long) suggestValue(name, domain);
  }

  /** As for a double; the choice is of the type that it was declared with. */
  @SuppressWarnings("unchecked") // a wrong type fails where it is used
  public <T> T suggest(String name, Domain.OfChoices domain) {
    return (T) suggestValue(name, domain);
  }

  /** As {@link #suggest(String, Domain.OfFloat)} for any domain; see {@link Values}. */
  public Object suggestValue(String name, Domain domain) {
    if (!params.containsKey(name)) {
      var request =
          SuggestParameterRequest.newBuilder()
              .setStudy(study)
              .setNumber(number())
              .setLeaseToken(lease.token())
              .setParameter(domain.parameter(name));
      var reply = call(TrialServiceGrpc.getSuggestParameterMethod(), request.build());
      params.put(name, Values.fromMessage(reply.getValue()));
    }
    return params.get(name);
  }

  /** Stores the objective's value at a step (>= 0), which may be NaN, and says whether to go on. */
  public Report report(long step, double value) {
    var request =
        ReportValueRequest.newBuilder()
            .setStudy(study)
            .setNumber(number())
            .setLeaseToken(lease.token())
            .setStep(step)
            .setValue(value);
    var reply = call(TrialServiceGrpc.getReportValueMethod(), request.build());
    return new Report(
        reply.getShouldPrune(), reply.getStudyStopped(), reply.getStepWasReported());
  }

  /** Sets attributes (JSON text; empty removes) and constraints (> 0 violates) before the end. */
  public void setAttributes(Map<String, String> userAttributes, Map<String, Double> constraints) {
    var request =
        SetTrialAttributesRequest.newBuilder()
            .setStudy(study)
            .setNumber(number())
            .setLeaseToken(lease.token())
            .putAllUserAttributes(userAttributes)
            .putAllConstraints(constraints);
    call(TrialServiceGrpc.getSetTrialAttributesMethod(), request.build());
  }

  /**
   * Ends the trial with a value per objective, which may be infinite, not NaN.
   *
   * @return the trial as it is stored
   */
  public hpo.v1.Trial complete(double... values) {
    List<Double> boxed = Arrays.stream(values).boxed().toList();
    return finish(end(TrialState.TRIAL_STATE_COMPLETE).addAllValues(boxed));
  }

  /** Ends the trial early, after a report said so. */
  public hpo.v1.Trial prune() {
    return finish(end(TrialState.TRIAL_STATE_PRUNED));
  }

  /** Ends the trial without a result. It is not tried again. */
  public hpo.v1.Trial fail(String why) {
    return finish(end(TrialState.TRIAL_STATE_FAIL).setFailure(why));
  }

  /** Whether the lease is known to be lost. */
  public boolean isLeaseLost() {
    return lease.lost.isDone();
  }

  /** Completes when the lease is lost, which a heartbeat or another call learns of. */
  public CompletableFuture<LeaseLostException> leaseLost() {
    return lease.lost.copy();
  }

  /** Renews the lease no more. */
  @Override
  public void close() {
    lease.release();
  }

  private <T> T get(String name, Class<T> type) {
    if (!params.containsKey(name)) {
      throw HpodException.invalid("the trial has no parameter '%s'".formatted(name));
    }
    Object value = params.get(name);
    if (!type.isInstance(value)) {
      throw HpodException.invalid(
          "parameter '%s' is %s, not a %s".formatted(name, value, type.getSimpleName()));
    }
    return type.cast(value);
  }

  private CompleteTrialRequest.Builder end(TrialState state) {
    return CompleteTrialRequest.newBuilder()
        .setStudy(study)
        .setNumber(number())
        .setLeaseToken(lease.token())
        .setState(state);
  }

  private hpo.v1.Trial finish(CompleteTrialRequest.Builder request) {
    var reply = call(TrialServiceGrpc.getCompleteTrialMethod(), request.build());
    lease.release();
    return reply.getTrial();
  }

  private <Q extends Message, A> A call(MethodDescriptor<Q, A> method, Q request) {
    lease.check();
    try {
      A reply = client.call(method, request);
      lease.renewed();
      return reply;
    } catch (HpodException error) {
      lease.failed(error);
      throw error;
    }
  }
}
