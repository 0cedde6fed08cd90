package hpod;

import hpo.v1.Algorithm;
import hpo.v1.Budget;
import hpo.v1.Direction;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A study to be made: minimizing one objective with TPE and median pruning, until told otherwise. The
 * methods change it and return it.
 */
public final class StudySpec {
  private final hpo.v1.Study.Builder message = hpo.v1.Study.newBuilder();

  /** {@code name} is unique in the daemon. */
  public StudySpec(String name) {
    message.setName(name);
  }

  /** One more objective, where larger values are better. */
  public StudySpec maximize() {
    message.addDirections(Direction.DIRECTION_MAXIMIZE);
    return this;
  }

  /** One more objective, where smaller values are better; one alone needs no such call. */
  public StudySpec minimize() {
    message.addDirections(Direction.DIRECTION_MINIMIZE);
    return this;
  }

  /**
   * Declares a parameter, part of a trial only when all {@code conditions} hold. In a study with
   * declared parameters, a trial has them all at once.
   */
  public StudySpec parameter(String name, Domain domain, When... conditions) {
    var parameter = domain.parameter(name);
    for (When condition : conditions) parameter.addConditions(condition.message());
    message.addSpace(parameter);
    return this;
  }

  /** The sampler by name, with options as text. Without one: tpe. */
  public StudySpec sampler(String name, Map<String, String> options) {
    message.setSampler(algorithm(name, options));
    return this;
  }

  /** The pruner by name, with options as text. Without one: median, or none with several objectives. */
  public StudySpec pruner(String name, Map<String, String> options) {
    message.setPruner(algorithm(name, options));
    return this;
  }

  /** Equal seeds, spaces and histories give equal trials. 0: one is drawn. */
  public StudySpec seed(long seed) {
    message.setSeed(seed);
    return this;
  }

  /** Trials handed out in all, exact however many workers there are. */
  public StudySpec maxTrials(long count) {
    budget().setMaxTrials(count);
    return this;
  }

  /** Trials running at one time. */
  public StudySpec maxRunning(long count) {
    budget().setMaxRunning(count);
    return this;
  }

  /** Time since the first trial started in which trials start. */
  public StudySpec maxDuration(Duration duration) {
    budget().setMaxDuration(wire(duration));
    return this;
  }

  /** How long a worker may be silent before its trial is given up: 1 s to 7 days. Without: 60 s. */
  public StudySpec lease(Duration duration) {
    message.setLease(wire(duration));
    return this;
  }

  /** How often a trial that was lost so is run again. Without: once. */
  public StudySpec maxRetries(int count) {
    message.setMaxRetries(count);
    return this;
  }

  /** Names of the objective values, in their order. */
  public StudySpec metricNames(List<String> names) {
    message.addAllMetricNames(names);
    return this;
  }

  /** An attribute, as JSON text. */
  public StudySpec userAttribute(String key, String json) {
    message.putUserAttributes(key, json);
    return this;
  }

  hpo.v1.Study message() {
    return message.build();
  }

  private Budget.Builder budget() {
    return message.getBudgetBuilder();
  }

  private static Algorithm algorithm(String name, Map<String, String> options) {
    return Algorithm.newBuilder().setName(name).putAllOptions(options).build();
  }

  private static com.google.protobuf.Duration wire(Duration duration) {
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }
}
