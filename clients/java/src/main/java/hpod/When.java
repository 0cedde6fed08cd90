package hpod;

import hpo.v1.Condition;
import java.util.Arrays;
import java.util.List;

/** True when the parameter {@code parent} is active and has one of {@code values}. */
public record When(String parent, List<?> values) {

  /** {@code parent} has one of these values. */
  public static When is(String parent, Object... values) {
    return new When(parent, Arrays.asList(values));
  }

  Condition message() {
    var condition = Condition.newBuilder().setParent(parent);
    values.forEach(value -> condition.addValues(Values.toMessage(value)));
    return condition.build();
  }
}
