package hpod;

import com.google.protobuf.NullValue;
import hpo.v1.Value;

/**
 * Values of parameters: {@code Double} for float domains, {@code Long} for int domains, for choices
 * what they were declared as ({@code String}, {@code Boolean}, {@code Long}, {@code Double} or null).
 */
public final class Values {
  private Values() {}

  /** From a message of the protocol. */
  public static Object fromMessage(Value message) {
    return switch (message.getKindCase()) {
      case BOOL_VALUE -> message.getBoolValue();
      case INT_VALUE -> message.getIntValue();
      case DOUBLE_VALUE -> message.getDoubleValue();
      case STRING_VALUE -> message.getStringValue();
      case NULL_VALUE, KIND_NOT_SET -> null;
    };
  }

  /**
   * To a message of the protocol; any whole number type becomes an int, any other a double.
   *
   * @throws HpodException INVALID_ARGUMENT: no parameter has a value of this type
   */
  public static Value toMessage(Object value) {
    Value.Builder message = Value.newBuilder();
    if (value == null) return message.setNullValue(NullValue.NULL_VALUE).build();
    if (value instanceof Boolean truth) return message.setBoolValue(truth).build();
    if (value instanceof String text) return message.setStringValue(text).build();
    if (value instanceof Double || value instanceof Float) {
      return message.setDoubleValue(((Number) value).doubleValue()).build();
    }
    if (value instanceof Long || value instanceof Integer) {
      return message.setIntValue(((Number) value).longValue()).build();
    }
    throw HpodException.invalid(
        "%s is a %s, but must be null, Boolean, Long, Double or String"
            .formatted(value, value.getClass().getName()));
  }
}
