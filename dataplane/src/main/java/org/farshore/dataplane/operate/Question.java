package org.farshore.dataplane.operate;

import java.util.function.Function;
import org.farshore.dataplane.recover.FollowAgent;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * Something that only the follow thread can say.
 *
 * @param <T> what it answers.
 */
final class Question<T> extends FollowAgent.Request {
    private final Function<StreamHistory, T> function;
    private T answer;

    private Question(final StreamHistory history, final Function<StreamHistory, T> function) {
        super(history);
        this.function = function;
    }

    /** @throws FarshoreException UNAVAILABLE when too much is asked at once. */
    static <T> Question<T> ask(
            final FollowAgent agent, final OperatedMachine machine, final Function<StreamHistory, T> function) {
        final Question<T> question = new Question<>(machine.history(), function);
        if (!agent.offer(question)) {
            throw new FarshoreException(ExitCode.UNAVAILABLE, "too much is asked at once: try again");
        }
        return question;
    }

    @Override
    protected String execute(final StreamHistory history) {
        answer = function.apply(history);
        return null;
    }

    /** The answer, once done. */
    T answer() {
        return answer;
    }
}
