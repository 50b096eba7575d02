// What a run is made of, from its recipe: the data, the model, and everything that trains it.
export { checkFirst, judgedBy, metricName } from "./checks.ts";
export { prepareData } from "./data.ts";
export { loadTrainee, type Trainee, type TraineeOptions } from "./trainee.ts";
export { prepareTraining, type Training } from "./training.ts";
