// Tunes a function of two parameters, with pruning. Start it several times at once: all work on the same study.
import { Client, float, int, type Trial, TrialPruned } from "../src/index.js";

async function objective(trial: Trial): Promise<number> {
  const { x, n } = trial.params as { x: number; n: number };
  for (let step = 0; step < 10; step++) {
    if (await trial.report(step, (x - 2) ** 2 + n / (step + 1))) throw new TrialPruned();
  }
  return (x - 2) ** 2 + n;
}

const client = new Client();
const space = [float("x", -10, 10), int("n", 1, 8)];
const study = await client.createStudy({ name: "node-quickstart", loadIfExists: true, space, maxTrials: 40 });
await study.optimize(objective);
const best = await study.best();
console.log(`trial ${best!.number}: ${JSON.stringify(best!.params)} gives ${best!.values[0]}`);
client.close();
