package dev.meshward.trino.client;

import com.google.protobuf.ByteString;
import dev.meshward.decision.v1.DecisionServiceGrpc;
import dev.meshward.decision.v1.FilterResourcesRequest;
import dev.meshward.decision.v1.FilterResourcesResponse;
import dev.meshward.decision.v1.RequestContext;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * One filtering of a listing: all slices are sent, and each must be answered once.
 */
final class FilterCall
        implements ClientResponseObserver<FilterResourcesRequest, FilterResourcesResponse>
{
    private final AnswerCheck check;
    private final List<FilterResourcesRequest> slices;
    private final List<Integer> counts;
    private final List<FilterResourcesResponse> responses = new ArrayList<>();
    private final CompletableFuture<List<FilterResourcesResponse>> completed = new CompletableFuture<>();
    private ClientCallStreamObserver<FilterResourcesRequest> call;

    FilterCall(AnswerCheck check, List<FilterResourcesRequest> slices, List<Integer> counts)
    {
        this.check = check;
        this.slices = slices;
        this.counts = counts;
    }

    /**
     * What the call as a whole says.
     *
     * @param kept for each slice, which of its names are listed
     * @param pin the revision's pin, one for all slices
     */
    record Answer(List<BitSet> kept, ByteString pin) {}

    Answer run(Channel channel, CallOptions options, RequestContext context)
            throws InterruptedException
    {
        ClientCalls.asyncBidiStreamingCall(channel.newCall(DecisionServiceGrpc.getFilterResourcesMethod(), options), this);
        for (int slice = 0; slice < slices.size(); slice++) {
            FilterResourcesRequest.Builder request = slices.get(slice).toBuilder().setSlice(slice);
            if (slice == 0) {
                request.setContext(context);
            }
            call.onNext(request.build());
        }
        call.onCompleted();
        try {
            return read(completed.get());
        }
        catch (InterruptedException e) {
            call.cancel("interrupted", e);
            throw e;
        }
        catch (ExecutionException e) {
            throw Status.fromThrowable(e.getCause()).asRuntimeException();
        }
    }

    private Answer read(List<FilterResourcesResponse> answers)
    {
        BitSet[] kept = new BitSet[slices.size()];
        for (FilterResourcesResponse answer : answers) {
            int slice = answer.getSlice();
            if (slice < 0 || slice >= kept.length || kept[slice] != null) {
                throw check.broken("it answers a slice that was not sent, or one slice twice");
            }
            if (!answer.getPin().equals(answers.getFirst().getPin())) {
                throw check.broken("its slices have different pins");
            }
            kept[slice] = check.check(counts.get(slice), answer);
        }
        if (answers.size() != kept.length) {
            throw check.broken("it does not answer every slice");
        }
        return new Answer(List.of(kept), answers.getFirst().getPin());
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<FilterResourcesRequest> call)
    {
        this.call = call;
    }

    @Override
    public void onNext(FilterResourcesResponse response)
    {
        responses.add(response);
        if (responses.size() > slices.size()) {
            completed.complete(List.copyOf(responses));
            call.cancel("more answers than slices", null);
        }
    }

    @Override
    public void onError(Throwable failure)
    {
        completed.completeExceptionally(failure);
    }

    @Override
    public void onCompleted()
    {
        completed.complete(List.copyOf(responses));
    }
}
