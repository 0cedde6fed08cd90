package conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import hpo.v1.TrialState;
import hpod.Client;
import hpod.HpodException;
import hpod.Study;
import hpod.StudySpec;
import hpod.Suggestion;
import hpod.Trial;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/** Does the steps of tests/conformance: one JSON object a line in, one out. See the README there. */
public final class Runner {
  private final Client client;
  private final Map<String, Study> studies = new HashMap<>();

  /** By the names that the steps give them. */
  private final Map<String, Trial> trials = new HashMap<>();

  private Runner(Client client) {
    this.client = client;
  }

  public static void main(String[] arguments) throws IOException {
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (Client client = Client.connect()) {
      var runner = new Runner(client);
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        output.println(Forms.text(runner.answer(JsonParser.parseString(line).getAsJsonObject())));
      }
    }
  }

  private JsonObject answer(JsonObject step) {
    var answer = new JsonObject();
    try {
      answer.add("ok", run(step));
    } catch (HpodException error) {
      answer.add("error", Forms.error(error));
    }
    return answer;
  }

  private JsonObject run(JsonObject step) {
    switch (step.get("do").getAsString()) {
      case "create_study" -> createStudy(step);
      case "load_study" -> keep(client.loadStudy(step.get("study").getAsString()));
      case "get_study" -> {
        return Forms.study(study(step).get());
      }
      case "set_study_attributes" -> study(step).setAttributes(Forms.jsonTexts(step));
      case "stop_study" -> study(step).stop();
      case "resume_study" -> study(step).resume();
      case "delete_study" -> client.deleteStudy(step.get("study").getAsString());
      case "enqueue" -> {
        return enqueue(step);
      }
      case "suggest" -> {
        return suggest(step);
      }
      case "suggest_parameter" -> {
        return suggestParameter(step);
      }
      case "report" -> {
        var report = trial(step).report(step.get("step").getAsLong(), Forms.toDouble(step.get("value")));
        var result = new JsonObject();
        result.addProperty("should_prune", report.shouldPrune());
        return result;
      }
      case "complete" -> trial(step)
          .complete(step.getAsJsonArray("values").asList().stream().mapToDouble(Forms::toDouble).toArray());
      case "prune" -> trial(step).prune();
      case "fail" -> trial(step).fail(step.get("failure").getAsString());
      case "set_attributes" -> trial(step).setAttributes(Forms.jsonTexts(step), Forms.constraints(step));
      case "await_lease_loss" -> trial(step).leaseLost().join();
      case "get_trial" -> {
        return Forms.trial(study(step).trial(step.get("number").getAsLong()));
      }
      case "list_trials" -> {
        return listTrials(step);
      }
      case "best_trial" -> {
        var best = study(step).bestTrials();
        var result = new JsonObject();
        result.add("number", best.isEmpty() ? JsonNull.INSTANCE : Forms.number(best.get(0).getNumber()));
        return result;
      }
      default -> throw new IllegalArgumentException("unknown step " + step);
    }
    return new JsonObject();
  }

  private void createStudy(JsonObject step) {
    var spec = spec(step);
    boolean loadIfExists = step.has("load_if_exists") && step.get("load_if_exists").getAsBoolean();
    keep(loadIfExists ? client.createOrLoadStudy(spec) : client.createStudy(spec));
  }

  private static StudySpec spec(JsonObject step) {
    var spec = new StudySpec(step.get("study").getAsString());
    for (var direction : Forms.list(step, "directions")) {
      if (direction.getAsString().equals("maximize")) {
        spec.maximize();
      } else {
        spec.minimize();
      }
    }
    for (var element : Forms.list(step, "space")) {
      var parameter = element.getAsJsonObject();
      spec.parameter(
          parameter.get("name").getAsString(), Forms.domain(parameter), Forms.conditions(parameter));
    }
    if (step.has("sampler")) {
      spec.sampler(Forms.name(step.get("sampler")), Forms.options(step.get("sampler")));
    }
    if (step.has("pruner")) {
      spec.pruner(Forms.name(step.get("pruner")), Forms.options(step.get("pruner")));
    }
    ifGiven(step, "seed", spec::seed);
    ifGiven(step, "max_trials", spec::maxTrials);
    ifGiven(step, "max_running", spec::maxRunning);
    ifGiven(step, "lease_ms", length -> spec.lease(Duration.ofMillis(length)));
    ifGiven(step, "max_retries", count -> spec.maxRetries((int) count));
    spec.metricNames(Forms.list(step, "metric_names").stream().map(JsonElement::getAsString).toList());
    Forms.jsonTexts(step).forEach(spec::userAttribute);
    return spec;
  }

  private static void ifGiven(JsonObject step, String field, LongConsumer set) {
    if (step.has(field)) set.accept(step.get(field).getAsLong());
  }

  private JsonObject enqueue(JsonObject step) {
    Map<String, Object> params = new LinkedHashMap<>();
    for (var param : step.getAsJsonObject("params").entrySet()) {
      params.put(param.getKey(), Forms.value(param.getValue()));
    }
    boolean skipIfExists = step.has("skip_if_exists") && step.get("skip_if_exists").getAsBoolean();
    var result = new JsonObject();
    result.addProperty("number", study(step).enqueue(params, Forms.jsonTexts(step), skipIfExists));
    return result;
  }

  private JsonObject suggest(JsonObject step) {
    Suggestion suggestion = study(step).suggest();
    var result = new JsonObject();
    if (suggestion.trial().isEmpty()) {
      result.add("number", JsonNull.INSTANCE);
      result.addProperty("stop_reason", Forms.withoutPrefix(suggestion.reason(), "STOP_REASON_"));
      result.addProperty("final", suggestion.isFinal());
      return result;
    }
    Trial trial = suggestion.trial().get();
    trials.put(step.get("trial").getAsString(), trial);
    var params = new JsonObject();
    trial.params().forEach((name, value) -> params.add(name, Forms.valueJson(value)));
    result.addProperty("number", trial.number());
    result.add("params", params);
    result.add(
        "retry_of",
        trial.retryOf().isPresent() ? Forms.number(trial.retryOf().getAsLong()) : JsonNull.INSTANCE);
    return result;
  }

  private JsonObject suggestParameter(JsonObject step) {
    var parameter = step.getAsJsonObject("parameter");
    Object value =
        trial(step).suggestValue(parameter.get("name").getAsString(), Forms.domain(parameter));
    var result = new JsonObject();
    result.add("value", Forms.valueJson(value));
    return result;
  }

  private JsonObject listTrials(JsonObject step) {
    var states =
        Forms.list(step, "states").stream()
            .map(state -> TrialState.valueOf("TRIAL_STATE_" + state.getAsString()))
            .toArray(TrialState[]::new);
    var listed = new JsonArray();
    study(step).trials(states).forEach(trial -> listed.add(Forms.trial(trial)));
    var result = new JsonObject();
    result.add("trials", listed);
    return result;
  }

  private void keep(Study study) {
    studies.put(study.name(), study);
  }

  private Study study(JsonObject step) {
    return studies.get(step.get("study").getAsString());
  }

  private Trial trial(JsonObject step) {
    return trials.get(step.get("trial").getAsString());
  }
}
