package org.farshore.dataplane.operate;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.Function;
import org.farshore.dataplane.command.Cell;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandTask;
import org.farshore.dataplane.failover.FailoverAgent;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * A command that waits for other threads: a stage says what comes next, itself as long as it waits. Rows wait until the
 * client has room for them. Command thread.
 */
abstract class StagedTask implements CommandTask {
    /** One wait. */
    @FunctionalInterface
    interface Stage {
        /**
         * Looks again.
         *
         * @return the stage to be stepped next; null when everything has been said.
         */
        Stage step(CommandReply reply);
    }

    private final Operator operator;
    private final Deque<Cell[]> rows = new ArrayDeque<>();
    private Stage stage = this::begin;
    private String message = "";
    private ExitCode exitCode = ExitCode.OK;

    StagedTask(final Operator operator) {
        this.operator = operator;
    }

    Operator operator() {
        return operator;
    }

    /** The first stage. */
    abstract Stage begin(CommandReply reply);

    @Override
    public final int step(final CommandReply reply) {
        if (stage != null) {
            final Stage next = stage.step(reply);
            final boolean moved = next != stage;
            stage = next;
            return moved ? 1 : 0;
        }
        while (!rows.isEmpty()) {
            if (!reply.row(rows.peek())) {
                return 0;
            }
            rows.poll();
        }
        reply.done(exitCode, message);
        return 1;
    }

    /** One more line of the answer, sent when the last stage is over. */
    final void row(final Cell... cells) {
        rows.add(cells);
    }

    /** The answer ends so: {@code return end(…)}. */
    final Stage end(final ExitCode code, final String text) {
        exitCode = code;
        message = text;
        return null;
    }

    /** Waits for the follow thread. */
    final <T> Stage ask(
            final OperatedMachine machine, final Function<StreamHistory, T> function, final Function<T, Stage> then) {
        final Question<T> question = Question.ask(operator.followAgent(), machine, function);
        return new Stage() {
            @Override
            public Stage step(final CommandReply reply) {
                return question.isDone() ? then.apply(question.answer()) : this;
            }
        };
    }

    /** Waits for the failover thread. */
    final <T> Stage await(final FailoverAgent.Order<T> order, final Function<T, Stage> then) {
        return new Stage() {
            @Override
            public Stage step(final CommandReply reply) {
                return order.isDone() ? then.apply(order.value()) : this;
            }
        };
    }

    /** As {@link #await}; a refusal is handed on instead of ending the command. */
    final <T> Stage await(
            final FailoverAgent.Order<T> order,
            final Function<T, Stage> then,
            final Consumer<FarshoreException> refused) {
        return new Stage() {
            @Override
            public Stage step(final CommandReply reply) {
                if (!order.isDone()) {
                    return this;
                }
                final T value;
                try {
                    value = order.value();
                } catch (final FarshoreException e) {
                    refused.accept(e);
                    return null;
                }
                return then.apply(value);
            }
        };
    }
}
