module tiny (
    input wire clk,
    input wire rst,
    input wire valid_in,
    input wire [4:0] x,
    output wire valid_out,
    output wire [1:0] class_index,
    output wire [8:0] scores
);
    wire [4:0] encoder_to_core;
    wire [4:0] core_to_popcount;
    wire [5:0] popcount_to_argmax;
    wire [5:0] popcount_to_result;
    wire [1:0] argmax_to_result;
    tiny_encoder encoder (
        .clk(clk), .x(x), .to_core(encoder_to_core)
    );
    tiny_core core (
        .clk(clk), .from_encoder(encoder_to_core), .to_popcount(core_to_popcount)
    );
    tiny_popcount popcount (
        .clk(clk), .from_core(core_to_popcount), .to_argmax(popcount_to_argmax),
        .result(popcount_to_result)
    );
    tiny_argmax argmax (
        .clk(clk), .from_popcount(popcount_to_argmax), .result(argmax_to_result)
    );
    assign class_index = {
        argmax_to_result[1], argmax_to_result[0]
    };
    assign scores = {
        1'b0, popcount_to_result[3], popcount_to_result[2], popcount_to_result[5],
        popcount_to_result[5], popcount_to_result[4], 1'b0, popcount_to_result[1],
        popcount_to_result[0]
    };
    reg [5:0] valid;
    always @(posedge clk)
        valid <= rst ? 6'd0 : {valid[4:0], valid_in};
    assign valid_out = valid[5];
endmodule
