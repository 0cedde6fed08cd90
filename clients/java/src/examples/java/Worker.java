import hpod.Client;
import hpod.Domain;
import hpod.HpodException;
import hpod.LeaseLostException;
import hpod.StudySpec;
import hpod.Trial;
import hpod.When;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One worker: fits polynomials to a sine by gradient descent, and lets the daemon choose how.
 *
 * <p>{@code Worker STUDY [SECONDS]}: takes trials until the study hands out no more. SECONDS: pause per
 * epoch, as if the model were larger. Start as many as you like, on any machine, with
 * HPOD_SERVER=host:port.
 */
public final class Worker {
  private static final int EPOCHS = 20;
  private static final int STEPS_PER_EPOCH = 50;

  public static void main(String[] arguments) throws InterruptedException {
    Logger.getLogger("io.grpc").setLevel(Level.WARNING);
    String name = arguments.length > 0 ? arguments[0] : "sine";
    double pauseSeconds = arguments.length > 1 ? Double.parseDouble(arguments[1]) : 0;
    StudySpec spec =
        new StudySpec(name)
            .minimize()
            .parameter("rate", Domain.ofFloat(1e-3, 0.3).log())
            .parameter("degree", Domain.ofInt(1, 7))
            .parameter("method", Domain.ofChoices("plain", "momentum"))
            .parameter("momentum", Domain.ofFloat(0.1, 0.9), When.is("method", "momentum"))
            .pruner("median", Map.of("n_startup_trials", "4", "n_warmup_steps", "5"))
            .seed(7)
            .maxTrials(30);
    try (Client client = Client.connect()) {
      for (Trial trial : client.createOrLoadStudy(spec).trialsToRun()) {
        System.out.printf("trial %d: %s%n", trial.number(), run(trial, pauseSeconds));
      }
    } catch (HpodException error) {
      System.err.println("worker: " + error.getMessage());
      System.exit(1);
    }
  }

  private static String run(Trial trial, double pauseSeconds) throws InterruptedException {
    try (trial) {
      return evaluate(trial, pauseSeconds);
    } catch (LeaseLostException lost) {
      return lost.getMessage();
    }
  }

  /** Trains, reports after each epoch, and ends the trial; what became of it. */
  private static String evaluate(Trial trial, double pauseSeconds) throws InterruptedException {
    boolean hasMomentum = trial.getString("method").equals("momentum");
    double momentum = hasMomentum ? trial.getDouble("momentum") : 0;
    var model = new Model((int) trial.getLong("degree"), trial.getDouble("rate"), momentum);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      Thread.sleep(Math.round(pauseSeconds * 1000));
      model.train();
      if (trial.report(epoch, model.error()).shouldPrune()) {
        trial.prune();
        return "pruned after epoch " + epoch;
      }
    }
    trial.complete(model.error());
    return String.format("complete, error %.5f", model.error());
  }

  /** A polynomial, trained on 20 points of sin(3x) and judged on 20 others. */
  private static final class Model {
    private final double[] weights;
    private final double[] speed;
    private final double rate;
    private final double momentum;

    Model(int degree, double rate, double momentum) {
      weights = new double[degree + 1];
      speed = new double[degree + 1];
      this.rate = rate;
      this.momentum = momentum;
    }

    private double at(double x) {
      double sum = 0;
      for (int power = weights.length - 1; power >= 0; power--) sum = sum * x + weights[power];
      return sum;
    }

    void train() {
      for (int step = 0; step < STEPS_PER_EPOCH; step++) {
        for (int i = 0; i < 20; i++) {
          double x = -1 + 0.1 * i;
          double miss = at(x) - Math.sin(3 * x);
          for (int power = 0; power < weights.length; power++) {
            double slope = miss * Math.pow(x, power);
            speed[power] = momentum * speed[power] - rate * slope;
            weights[power] += speed[power];
          }
        }
      }
    }

    /** Mean squared error. Infinite when training diverged, since a result may not be NaN. */
    double error() {
      double sum = 0;
      for (int i = 0; i < 20; i++) {
        double x = -0.95 + 0.1 * i;
        sum += Math.pow(at(x) - Math.sin(3 * x), 2);
      }
      return Double.isNaN(sum) ? Double.POSITIVE_INFINITY : sum / 20;
    }
  }
}
