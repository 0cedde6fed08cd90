package hpod;

import hpo.v1.CategoricalDomain;
import hpo.v1.FloatDomain;
import hpo.v1.IntDomain;
import hpo.v1.Parameter;
import java.util.Arrays;
import java.util.List;

/** What a parameter may be. */
public abstract sealed class Domain {
  private Domain() {}

  /** Real numbers in [low, high], both bounds included. */
  public static OfFloat ofFloat(double low, double high) {
    return new OfFloat(FloatDomain.newBuilder().setLow(low).setHigh(high).build());
  }

  /** Whole numbers in [low, high], both bounds included. */
  public static OfInt ofInt(long low, long high) {
    return new OfInt(IntDomain.newBuilder().setLow(low).setHigh(high).build());
  }

  /** One of several values (see {@link Values}), distinct, without order between them. */
  public static OfChoices ofChoices(Object... choices) {
    return ofChoices(Arrays.asList(choices));
  }

  /** As {@link #ofChoices(Object...)}. */
  public static OfChoices ofChoices(List<?> choices) {
    var domain = CategoricalDomain.newBuilder();
    choices.forEach(choice -> domain.addChoices(Values.toMessage(choice)));
    return new OfChoices(domain.build());
  }

  abstract Parameter.Builder parameter();

  Parameter.Builder parameter(String name) {
    return parameter().setName(name);
  }

  /** See {@link Domain#ofFloat}. */
  public static final class OfFloat extends Domain {
    private final FloatDomain message;

    private OfFloat(FloatDomain message) {
      this.message = message;
    }

    /** Searched in the logarithm; needs low > 0, excludes a step. */
    public OfFloat log() {
      return new OfFloat(message.toBuilder().setLog(true).build());
    }

    /** Only low, low + step, ... up to high. */
    public OfFloat step(double step) {
      return new OfFloat(message.toBuilder().setStep(step).build());
    }

    @Override
    Parameter.Builder parameter() {
      return Parameter.newBuilder().setFloatDomain(message);
    }
  }

  /** See {@link Domain#ofInt}. */
  public static final class OfInt extends Domain {
    private final IntDomain message;

    private OfInt(IntDomain message) {
      this.message = message;
    }

    /** Searched in the logarithm; needs low >= 1. */
    public OfInt log() {
      return new OfInt(message.toBuilder().setLog(true).build());
    }

    /** Only low, low + step, ... up to high. */
    public OfInt step(long step) {
      return new OfInt(message.toBuilder().setStep(step).build());
    }

    @Override
    Parameter.Builder parameter() {
      return Parameter.newBuilder().setIntDomain(message);
    }
  }

  /** See {@link Domain#ofChoices(Object...)}. */
  public static final class OfChoices extends Domain {
    private final CategoricalDomain message;

    private OfChoices(CategoricalDomain message) {
      this.message = message;
    }

    @Override
    Parameter.Builder parameter() {
      return Parameter.newBuilder().setCategoricalDomain(message);
    }
  }
}
