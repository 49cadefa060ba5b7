/** The zod release whose verdicts the compiler was proven against; schemas of another one run through zod. */
export const PROVEN_ZOD = '4.6.7';
