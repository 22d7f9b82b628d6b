import { defineErrors } from "../error-table.ts";

const table = defineErrors("inference", {
  unknownModel: [2, "unknown model"],
  ambiguousModel: [3, "ambiguous model name"],
  inactiveModel: [4, "model is not active"],
  modelExists: [5, "model is already registered"],
  invalidManifest: [6, "invalid model manifest"],
  invalidInputs: [7, "invalid inputs"],
  feeTooLow: [8, "fee too low"],
  depositTooLow: [9, "deposit too low"],
  invalidDeadline: [10, "invalid deadline"],
  blockFull: [11, "too much inference in this block"],
  backlogFull: [12, "too many open jobs"],
  jobExists: [13, "job already exists"],
  notInline: [14, "model does not run inline"],
  residentSetFull: [15, "resident set is full"],
  invalidCondition: [16, "invalid condition"],
  insecure: [17, "too little stake for the value at risk"],
  tierTooSmall: [18, "too few validators serve the tier"],
  invalidTier: [19, "invalid tier"],
  notAppealable: [23, "job can not be appealed"],
  appealed: [24, "job was appealed before"],
  bondTooLow: [25, "bond too low"],
  unknownSchedule: [40, "unknown schedule"],
  invalidSchedule: [41, "invalid schedule"],
  schedulesFull: [42, "too many schedules"],
});
export const inferenceError = table.error;
export const errors = table.docs;
