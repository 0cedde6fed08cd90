import { create } from "@bufbuild/protobuf";
import { Direction as WireDirection, type Study as Message, StudySchema } from "../gen/hpo/v1/study_pb.js";
import { toDuration } from "./duration.js";
import type { Parameter } from "./space.js";

/** What JSON can express. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type Direction = "minimize" | "maximize";

/** A sampler (tpe, random, grid) or a pruner (median, percentile, none) with its options. */
export interface Algorithm {
  name: string;
  options?: Record<string, string | number | boolean>;
}

/** What a study is made with; what is absent is the daemon's default. */
export interface StudySettings {
  /** 1 to 512 bytes, unique in the daemon. */
  name: string;
  /** If the study exists, load it, unchanged; its directions must be the given ones. */
  loadIfExists?: boolean;
  /** One per objective value; absent: one, minimize. */
  directions?: Direction[];
  sampler?: Algorithm;
  pruner?: Algorithm;
  /** Equal seeds, spaces and histories give equal trials; absent: one is drawn. */
  seed?: number | bigint;
  /** Declared in advance: a trial then has all its parameters at once. Absent: `Trial.suggest` asks for each. */
  space?: Parameter[];
  /** Trials handed out in all, trials running at one time, seconds in which trials start; exact with any number of workers. */
  maxTrials?: number;
  maxRunning?: number;
  maxDurationSeconds?: number;
  /** How long a worker may be silent before its trial is given up, 1 s to 7 days; absent: 60. */
  leaseSeconds?: number;
  /** How often a trial lost that way is tried again; absent: once. */
  maxRetries?: number;
  /** Of the objective values, as many as directions. */
  metricNames?: string[];
  userAttributes?: Record<string, Json>;
}

export function toStudy(settings: StudySettings): Message {
  const { maxTrials = 0, maxRunning = 0, maxDurationSeconds, leaseSeconds } = settings;
  return create(StudySchema, {
    name: settings.name,
    directions: (settings.directions ?? []).map(toDirection),
    sampler: toAlgorithm(settings.sampler),
    pruner: toAlgorithm(settings.pruner),
    seed: BigInt(settings.seed ?? 0),
    space: (settings.space ?? []).map((parameter) => parameter.toMessage()),
    budget: { maxTrials: BigInt(maxTrials), maxRunning: BigInt(maxRunning), maxDuration: maxDurationSeconds === undefined ? undefined : toDuration(maxDurationSeconds) },
    lease: leaseSeconds === undefined ? undefined : toDuration(leaseSeconds),
    maxRetries: settings.maxRetries,
    metricNames: settings.metricNames ?? [],
    userAttributes: toTexts(settings.userAttributes ?? {}),
  });
}

/** Attributes as JSON texts. */
export function toTexts(attributes: Record<string, Json>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, JSON.stringify(value)]));
}

/** Attributes from their JSON texts. */
export function fromTexts(texts: Record<string, string>): Record<string, Json> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, JSON.parse(text) as Json]));
}

function toDirection(direction: Direction): WireDirection {
  if (direction === "minimize") return WireDirection.MINIMIZE;
  if (direction === "maximize") return WireDirection.MAXIMIZE;
  throw new RangeError(`direction is '${String(direction)}', but must be minimize or maximize`);
}

function toAlgorithm(algorithm: Algorithm | undefined): { name: string; options: Record<string, string> } | undefined {
  if (!algorithm) return undefined;
  const options = Object.entries(algorithm.options ?? {}).map(([key, value]) => [key, String(value)]);
  return { name: algorithm.name, options: Object.fromEntries(options) };
}
