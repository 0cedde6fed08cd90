package hpod;

import hpo.v1.StopReason;
import java.util.Optional;

/**
 * What asking for a trial gave.
 *
 * @param trial the trial to run, if there is one
 * @param reason why there is none
 * @param isFinal no later question gets a trial unless somebody changes the study: end the worker
 */
public record Suggestion(Optional<Trial> trial, StopReason reason, boolean isFinal) {}
