/** The key of a run's memo under which it says who started it, where Millrace did. */
export const STARTED_BY = 'millraceStartedBy';
