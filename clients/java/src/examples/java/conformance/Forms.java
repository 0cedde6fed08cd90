package conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import hpo.v1.StopReason;
import hpo.v1.TrialCounts;
import hpod.Domain;
import hpod.HpodException;
import hpod.Values;
import hpod.When;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The forms of tests/conformance/README.md, as JSON, and what they are to the client. */
final class Forms {
  private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private Forms() {}

  static String text(JsonElement json) {
    return GSON.toJson(json);
  }

  /** From the bits of a double in hexadecimal. */
  static double toDouble(JsonElement json) {
    return Double.longBitsToDouble(Long.parseUnsignedLong(json.getAsString(), 16));
  }

  private static JsonElement doubleJson(double value) {
    return new JsonPrimitive("%016x".formatted(Double.doubleToRawLongBits(value)));
  }

  static JsonElement number(long value) {
    return new JsonPrimitive(value);
  }

  static Object value(JsonElement json) {
    var member = json.getAsJsonObject().entrySet().iterator().next();
    JsonElement content = member.getValue();
    return switch (member.getKey()) {
      case "float" -> toDouble(content);
      case "int" -> Long.parseLong(content.getAsString());
      case "bool" -> content.getAsBoolean();
      case "string" -> content.getAsString();
      default -> null;
    };
  }

  static JsonObject valueJson(Object value) {
    var json = new JsonObject();
    if (value == null) {
      json.addProperty("null", true);
    } else if (value instanceof Boolean truth) {
      json.addProperty("bool", truth);
    } else if (value instanceof Long whole) {
      json.addProperty("int", whole.toString());
    } else if (value instanceof Double real) {
      json.add("float", doubleJson(real));
    } else {
      json.addProperty("string", (String) value);
    }
    return json;
  }

  static Domain domain(JsonObject parameter) {
    boolean isLog = parameter.has("log") && parameter.get("log").getAsBoolean();
    JsonElement step = parameter.get("step");
    switch (parameter.get("type").getAsString()) {
      case "float" -> {
        var domain = Domain.ofFloat(toDouble(parameter.get("low")), toDouble(parameter.get("high")));
        if (isLog) domain = domain.log();
        return step == null ? domain : domain.step(toDouble(step));
      }
      case "int" -> {
        var domain =
            Domain.ofInt(parameter.get("low").getAsLong(), parameter.get("high").getAsLong());
        if (isLog) domain = domain.log();
        return step == null ? domain : domain.step(step.getAsLong());
      }
      default -> {
        return Domain.ofChoices(list(parameter, "choices").stream().map(Forms::value).toArray());
      }
    }
  }

  static When[] conditions(JsonObject parameter) {
    return list(parameter, "conditions").stream()
        .map(JsonElement::getAsJsonObject)
        .map(
            condition ->
                When.is(
                    condition.get("parent").getAsString(),
                    list(condition, "values").stream().map(Forms::value).toArray()))
        .toArray(When[]::new);
  }

  static String name(JsonElement algorithm) {
    return algorithm.getAsJsonObject().get("name").getAsString();
  }

  static Map<String, String> options(JsonElement algorithm) {
    Map<String, String> options = new LinkedHashMap<>();
    members(algorithm.getAsJsonObject(), "options")
        .forEach((key, text) -> options.put(key, text.getAsString()));
    return options;
  }

  /** A step's user attributes: name to JSON text. */
  static Map<String, String> jsonTexts(JsonObject step) {
    Map<String, String> texts = new LinkedHashMap<>();
    members(step, "user_attributes").forEach((name, json) -> texts.put(name, text(json)));
    return texts;
  }

  static Map<String, Double> constraints(JsonObject step) {
    Map<String, Double> constraints = new LinkedHashMap<>();
    members(step, "constraints").forEach((name, value) -> constraints.put(name, toDouble(value)));
    return constraints;
  }

  static List<JsonElement> list(JsonObject object, String field) {
    return object.has(field) ? object.getAsJsonArray(field).asList() : List.of();
  }

  private static Map<String, JsonElement> members(JsonObject object, String field) {
    return object.has(field) ? object.getAsJsonObject(field).asMap() : Map.of();
  }

  static String withoutPrefix(Enum<?> value, String prefix) {
    return value.name().substring(prefix.length());
  }

  static JsonObject error(HpodException error) {
    var json = new JsonObject();
    json.addProperty("code", error.code().name());
    json.addProperty("reason", error.reason());
    json.add("metadata", GSON.toJsonTree(error.metadata()));
    return json;
  }

  static JsonObject study(hpo.v1.Study study) {
    TrialCounts counts = study.getCounts();
    var countsJson = new JsonObject();
    countsJson.addProperty("running", counts.getRunning());
    countsJson.addProperty("complete", counts.getComplete());
    countsJson.addProperty("pruned", counts.getPruned());
    countsJson.addProperty("failed", counts.getFailed());
    countsJson.addProperty("waiting", counts.getWaiting());
    var directions = new JsonArray();
    study
        .getDirectionsList()
        .forEach(d -> directions.add(withoutPrefix(d, "DIRECTION_").toLowerCase(Locale.ROOT)));
    var json = new JsonObject();
    json.addProperty("name", study.getName());
    json.add("directions", directions);
    json.add("metric_names", GSON.toJsonTree(List.copyOf(study.getMetricNamesList())));
    json.add("user_attributes", attributes(study.getUserAttributesMap()));
    json.add("counts", countsJson);
    StopReason reason = study.getStopReason();
    json.add(
        "stop_reason",
        reason == StopReason.STOP_REASON_UNSPECIFIED
            ? JsonNull.INSTANCE
            : new JsonPrimitive(withoutPrefix(reason, "STOP_REASON_")));
    return json;
  }

  static JsonObject trial(hpo.v1.Trial trial) {
    var params = new JsonObject();
    trial
        .getParamsList()
        .forEach(p -> params.add(p.getName(), valueJson(Values.fromMessage(p.getValue()))));
    var values = new JsonArray();
    trial.getValuesList().forEach(value -> values.add(doubleJson(value)));
    var reports = new JsonObject();
    trial
        .getIntermediateValuesList()
        .forEach(r -> reports.add(Long.toString(r.getStep()), doubleJson(r.getValue())));
    var constraints = new JsonObject();
    trial.getConstraintsMap().forEach((name, value) -> constraints.add(name, doubleJson(value)));
    var json = new JsonObject();
    json.addProperty("number", trial.getNumber());
    json.addProperty("state", withoutPrefix(trial.getState(), "TRIAL_STATE_"));
    json.add("params", params);
    json.add("values", values);
    json.add("intermediate_values", reports);
    json.add("user_attributes", attributes(trial.getUserAttributesMap()));
    json.add("constraints", constraints);
    json.addProperty("failure", trial.getFailure());
    json.add("retry_of", trial.hasRetryOf() ? number(trial.getRetryOf()) : JsonNull.INSTANCE);
    return json;
  }

  private static JsonObject attributes(Map<String, String> texts) {
    var json = new JsonObject();
    texts.forEach((name, text) -> json.add(name, JsonParser.parseString(text)));
    return json;
  }
}
