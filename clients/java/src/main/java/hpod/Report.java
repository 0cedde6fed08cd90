package hpod;

/**
 * What a report brought back.
 *
 * @param shouldPrune stop training and end the trial with {@link Trial#prune}
 * @param studyStopped the study was stopped: finish soon, nothing more will be handed out
 * @param stepWasReported the step had a value already; it stays
 */
public record Report(boolean shouldPrune, boolean studyStopped, boolean stepWasReported) {}
